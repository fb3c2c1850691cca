import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun, runCommand } from './command.ts';
import { type Host, type HostOptions, powerOn } from './host.ts';
import { makeNamespaces } from './namespaces.ts';

/** A network of machines of its own, which this process is a part of. `await using` ends all of it. */
export interface Lan extends AsyncDisposable {
  /** Holds the disks of the machines, `disks/<name>`, under the same path inside and outside. */
  readonly dir: string;
  /** This process's address in it. */
  readonly address: string;
  /** A new machine, switched on. `number`, from 10 to 250, is the last part of its address. */
  host(name: string, number: number, options?: HostOptions): Promise<Host>;
}

/**
 * Makes a network: a bridge in a network namespace, with this process's own leg in it. Machines are namespaces of network,
 * processes, mounts and host name.
 *
 * @throws Error where it cannot be had: it takes root
 */
export async function startLan(): Promise<Lan> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-lan-'));
  const hub = await makeNamespaces('--net');
  const inHub = (...command: string[]): Promise<string> => mustRun(...hub.inside, ...command);
  const net = freeNet();
  const leg = `hf${net}`;
  const hosts: Host[] = [];
  const end = async (): Promise<void> => {
    for (const host of hosts) await host[Symbol.asyncDispose]();
    await hub.end();
    await runCommand(['ip', 'link', 'delete', leg]);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await inHub('ip', 'link', 'add', 'lan', 'type', 'bridge');
    await inHub('ip', 'link', 'set', 'lan', 'up');
    await mustRun('ip', 'link', 'add', leg, 'type', 'veth', 'peer', 'name', 'leg', 'netns', String(hub.pid));
    await inHub('ip', 'link', 'set', 'leg', 'master', 'lan', 'up');
    await mustRun('ip', 'address', 'add', `10.213.${net}.1/24`, 'dev', leg);
    await mustRun('ip', 'link', 'set', leg, 'up');
  } catch (error) {
    await end();
    throw error;
  }
  return {
    dir,
    address: `10.213.${net}.1`,
    async host(name, number, options = {}) {
      const address = `10.213.${net}.${number}`;
      const disk = join(dir, 'disks', name);
      const host = await powerOn({ name, address, disk, port: `p${number}`, hub }, options);
      hosts.push(host);
      return host;
    },
    [Symbol.asyncDispose]: end,
  };
}

/** The third part of an address that nobody here has. */
function freeNet(): number {
  const taken = new Set(
    Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []),
  );
  for (let net = 1 + (process.pid % 200); net < 255; net += 1) {
    if (!taken.has(`10.213.${net}.1`)) return net;
  }
  throw new Error('no network 10.213.x.0/24 is free');
}
