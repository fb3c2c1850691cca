import { mkdirSync } from 'node:fs';
import { mustRun, runCommand, type Ended } from './command.ts';
import { makeNamespaces, type Namespaces } from './namespaces.ts';
import { startServer, type ServerProcess } from '../cluster/server-process.ts';

export interface HostOptions {
  /** A disk of its own of so many MiB, in memory; otherwise a folder of this machine's. */
  readonly diskMiB?: number;
}

/** What runs on a machine is told to do so; its environment is this process's and what is given. */
interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** A machine: its own processes, network, mounts and host name, and a disk that survives a power cut. */
export interface Host extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  /** Its disk, under the same path inside and outside. */
  readonly disk: string;
  readonly isOn: boolean;
  /** Runs a command to its end, whatever that is. */
  run(command: readonly [string, ...string[]], options?: RunOptions): Promise<Ended>;
  /** Starts one that goes on; its output is appended to a file. It ends with the machine. */
  start(
    command: readonly [string, ...string[]],
    options: RunOptions & { readonly logFile: string },
  ): Promise<ServerProcess>;
  /** Pulls the plug: every process is gone at once, the disk stays as it was. */
  powerOff(): Promise<void>;
  /** Switches it on again; nothing runs on it yet. */
  powerOn(): Promise<void>;
  /** Takes its cable out; what runs on it goes on. */
  unplug(): Promise<void>;
  plugIn(): Promise<void>;
}

interface Place {
  readonly name: string;
  readonly address: string;
  readonly disk: string;
  /** What its end of the cable is called in the hub. */
  readonly port: string;
  readonly hub: Namespaces;
}

/** Makes a machine and switches it on. */
export async function powerOn(place: Place, { diskMiB }: HostOptions): Promise<Host> {
  const { name, address, disk, port, hub } = place;
  mkdirSync(disk, { recursive: true });
  if (diskMiB !== undefined)
    await mustRun('mount', '-t', 'tmpfs', '-o', `size=${diskMiB}m,mode=0755`, 'tmpfs', disk);
  let machine: Namespaces | undefined = await boot(place);
  const on = (): Namespaces => {
    if (machine === undefined) throw new Error(`${name} is switched off`);
    return machine;
  };
  const link = (state: 'up' | 'down'): Promise<string> =>
    mustRun(...hub.inside, 'ip', 'link', 'set', port, state);
  const powerOff = async (): Promise<void> => {
    await machine?.end();
    machine = undefined;
  };
  return {
    name,
    address,
    disk,
    get isOn() {
      return machine !== undefined;
    },
    run: (command, { env, input } = {}) =>
      runCommand([...on().inside, ...command], {
        env: { ...process.env, ...env },
        ...(input !== undefined && { input }),
      }),
    start: (command, { env, logFile }) => {
      const [program, ...args] = [...on().inside, ...command] as [string, ...string[]];
      return startServer(program, args, { logFile, env: { ...process.env, ...env }, detached: false });
    },
    powerOff,
    async powerOn() {
      machine ??= await boot(place);
    },
    unplug: async () => void (await link('down')),
    plugIn: async () => void (await link('up')),
    async [Symbol.asyncDispose]() {
      await powerOff();
      if (diskMiB !== undefined) await runCommand(['umount', '--lazy', disk]);
    },
  };
}

async function boot({ name, address, port, hub }: Place): Promise<Namespaces> {
  const machine = await makeNamespaces('--net', '--pid', '--mount', '--mount-proc', '--uts');
  const inside = (...command: string[]): Promise<string> => mustRun(...machine.inside, ...command);
  await inside('hostname', name);
  await inside('ip', 'link', 'set', 'lo', 'up');
  const cable = ['ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0'];
  await mustRun(...hub.inside, ...cable);
  // A namespace is named by a process that is seen from here, not from inside the hub's.
  await mustRun(...hub.inside, 'ip', 'link', 'set', 'eth0', 'netns', String(machine.pid));
  await mustRun(...hub.inside, 'ip', 'link', 'set', port, 'master', 'lan', 'up');
  await inside('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
  await inside('ip', 'link', 'set', 'eth0', 'up');
  return machine;
}
