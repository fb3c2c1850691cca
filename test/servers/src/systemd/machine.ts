import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines, type ServerProcess, startServer } from '../cluster/server-process.ts';
import { runAny, type RunOptions } from '../obtain/run.ts';
import { PartUnavailable } from '../obtain/ways.ts';
import { machineUnits } from './units.ts';

/**
 * A real systemd as process 1 of a machine of its own: it has its own processes, files, host name and cgroups, and the
 * network of this one. Nothing outside of `dir` can be written to from within. `await using` ends it with all it runs.
 */
export interface SystemdMachine extends AsyncDisposable {
  /** A folder that is there under the same path, inside and outside. */
  readonly dir: string;
  /** Adds a service that systemd knows from then on; it is not started. */
  addUnit(name: string, text: string): Promise<void>;
  /** Runs a command inside, whatever its end. */
  run(
    command: string,
    args: readonly string[],
    options?: RunOptions,
  ): Promise<{ stdout: string; stderr: string; code: number | null }>;
}

const program = '/usr/lib/systemd/systemd';
const bootsWithinMs = 20_000;

/**
 * Starts it. Throws PartUnavailable where there is none to be had: it takes root, systemd and a cgroup v2.
 * @param readOnly folders that can be read inside, under the same paths
 */
export async function startSystemdMachine(readOnly: readonly string[]): Promise<SystemdMachine> {
  const hierarchy = await cgroupRoot();
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-machine-'));
  const cgroup = join(hierarchy, dir.replaceAll('/', '-').slice(1));
  const units = join(dir, 'units');
  await mkdir(units);
  for (const [name, text] of Object.entries(machineUnits)) await writeFile(join(units, name), text);
  await mkdir(cgroup);
  const logFile = join(dir, 'machine.log');
  const server = await startServer('sh', ['-c', entering, cgroup, script, dir, ...readOnly], {
    logFile,
    env: process.env,
    detached: false,
  });
  const machine = machineOf(dir, server, cgroup);
  try {
    await booted(machine, server, logFile);
    return machine;
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}

const part = 'a systemd of its own';
const script = join(import.meta.dirname, 'root.sh');
/** $0 is the cgroup, which becomes the root of what the machine sees of cgroups. */
const entering =
  'echo $$ > "$0/cgroup.procs" && exec unshare --cgroup --mount --pid --fork --uts --ipc --kill-child sh "$@"';

async function cgroupRoot(): Promise<string> {
  if (process.getuid?.() !== 0) throw new PartUnavailable(part, ['it takes root']);
  if (!existsSync(program)) throw new PartUnavailable(part, [`there is no ${program}; install systemd`]);
  const mounts = await readFile('/proc/mounts', 'utf8');
  const [, path] = /^\S+ (\S+) cgroup2 rw/m.exec(mounts) ?? [];
  if (path === undefined) throw new PartUnavailable(part, ['no cgroup v2 is mounted for writing']);
  return path;
}

async function booted(machine: SystemdMachine, server: ServerProcess, logFile: string): Promise<void> {
  const until = performance.now() + bootsWithinMs;
  for (;;) {
    const { stdout, stderr } = await machine.run('systemctl', [
      'is-active',
      'machine.target',
      'systemd-journald.service',
    ]);
    if (stdout === 'active\nactive\n') return;
    if (server.ending !== undefined || performance.now() > until)
      throw new Error(
        `systemd did not come up (${server.ending ?? `${stdout}${stderr}`}):\n${lastLines(logFile)}`,
      );
    await sleep(100);
  }
}

function machineOf(dir: string, server: ServerProcess, cgroup: string): SystemdMachine {
  let init: string | undefined;
  const machine: SystemdMachine = {
    dir,
    async addUnit(name, text) {
      await writeFile(join(dir, 'units', name), text);
      await machine.run('cp', [join(dir, 'units', name), '/units/']);
      await machine.run('systemctl', ['daemon-reload']);
    },
    async run(command, args, options) {
      init ??= await childOf(server.pid);
      if (init === undefined) return { stdout: '', stderr: 'it has not begun\n', code: 1 };
      const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--cgroup'];
      return runAny('nsenter', [`--target=${init}`, ...namespaces, '--', command, ...args], options);
    },
    async [Symbol.asyncDispose]() {
      // Its process 1 takes all others with it.
      server.signal('SIGKILL');
      await server.ended();
      await removeCgroup(cgroup);
      await rm(dir, { recursive: true, force: true });
    },
  };
  return machine;
}

async function childOf(pid: number): Promise<string | undefined> {
  const { stdout } = await runAny('pgrep', ['--parent', `${pid}`]);
  return stdout.trim() === '' ? undefined : stdout.trim();
}

/** A cgroup can be removed when its last process is gone, which takes the kernel a moment. */
async function removeCgroup(cgroup: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    for (const entry of await readdir(cgroup, { recursive: true, withFileTypes: true }).catch(() => []))
      if (entry.isDirectory()) await rmdir(join(entry.parentPath, entry.name)).catch(() => undefined);
    const gone = await rmdir(cgroup).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
    );
    if (gone) return;
    await sleep(50);
  }
}
