import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ComponentDescription } from '@holdfast/model';
import { type EtcdBinaries, type Gateway, type Host, openGateway } from '@holdfast/test-servers';

/** How the members of a cluster come to know each other when they are started for the first time. */
export interface Founding {
  readonly binaries: EtcdBinaries;
  readonly initialCluster: string;
}

/** Elections within a blink: tests start clusters by the dozen. */
const quick = ['--heartbeat-interval=20', '--election-timeout=200', '--unsafe-no-fsync'];

/** A machine that an etcd is for, and its agent. Everything of it lies on its own disk. */
export class EtcdNode {
  readonly host: Host;
  /** Which member of the cluster its etcd is: another one than the machine is called where it takes that one's place. */
  member: string;
  /** The parts of the control plane that are on it too. */
  readonly components: ComponentDescription[] = [];

  constructor(host: Host) {
    this.host = host;
    this.member = host.name;
    mkdirSync(this.logs, { recursive: true });
  }

  get name(): string {
    return this.host.name;
  }
  get peerUrl(): string {
    return `http://${this.host.address}:2380`;
  }
  get clientUrl(): string {
    return `http://${this.host.address}:2379`;
  }
  get dataDir(): string {
    return join(this.host.disk, 'etcd');
  }
  get stateDir(): string {
    return join(this.host.disk, 'holdfast');
  }
  /** Outside of the disk: one that is full takes no log. */
  get logs(): string {
    return `${this.host.disk}.log`;
  }
  get etcdLog(): string {
    return join(this.logs, 'etcd.log');
  }
  get agentLog(): string {
    return join(this.logs, 'agent.log');
  }
  get clusterFile(): string {
    return join(this.logs, 'cluster.json');
  }

  /** Writes down how its etcd is run, for an agent that cannot see it run. */
  describe(founding: Founding): void {
    const description = {
      apiVersion: 'holdfast.dev/v1',
      kind: 'ClusterDescription',
      name: 'prod',
      members: [
        {
          name: this.member,
          peerUrls: [this.peerUrl],
          clientUrls: [this.clientUrl],
          dataDir: this.dataDir,
          run: { driver: 'process', command: this.#command(founding), logFile: this.etcdLog },
        },
      ],
      controlPlane: this.components,
    };
    writeFileSync(this.clusterFile, JSON.stringify(description, null, 2));
  }

  async startEtcd(founding: Founding): Promise<void> {
    const [program, ...args] = this.#command(founding);
    const env = Object.fromEntries(
      Object.keys(process.env)
        .filter((key) => key.startsWith('ETCD'))
        .map((key) => [key, undefined]),
    );
    await this.host.start([program!, ...args], { logFile: this.etcdLog, env });
  }

  #command({ binaries, initialCluster }: Founding): string[] {
    return [
      binaries.etcd,
      ...[`--name=${this.member}`, `--data-dir=${this.dataDir}`],
      ...[`--listen-client-urls=${this.clientUrl}`, `--advertise-client-urls=${this.clientUrl}`],
      ...[`--listen-peer-urls=${this.peerUrl}`, `--initial-advertise-peer-urls=${this.peerUrl}`],
      ...[`--initial-cluster=${initialCluster}`, '--initial-cluster-state=new'],
      '--initial-cluster-token=holdfast-fleet',
      ...quick,
    ];
  }

  /** The processes on this machine whose command line has a word. */
  async processes(word: string): Promise<number[]> {
    return this.host.isOn ? processesOf(this.host, word) : [];
  }

  async isEtcdRunning(): Promise<boolean> {
    return (await this.processes(`--data-dir=${this.dataDir}`)).length > 0;
  }

  async killEtcd(): Promise<void> {
    if (this.host.isOn) await killAll(this.host, `--data-dir=${this.dataDir}`);
  }

  /** Has a folder that all machines see under one path be one of its own disk. */
  async bind(path: string): Promise<void> {
    const own = join(this.host.disk, 'bound');
    mkdirSync(own, { mode: 0o700 });
    const { status, stderr } = await this.host.run(['mount', '--bind', own, path]);
    if (status !== 0) throw new Error(stderr);
  }

  /** A client, which the caller closes. */
  gateway(): Gateway {
    return openGateway({ url: this.clientUrl });
  }

  /** Loses what etcd had. */
  wipe(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** What lies in its data directory. */
  entries(): string[] {
    try {
      return readdirSync(this.dataDir).toSorted();
    } catch {
      return [];
    }
  }

  log(which: 'etcd' | 'agent'): string {
    try {
      return readFileSync(which === 'etcd' ? this.etcdLog : this.agentLog, 'utf8');
    } catch {
      return '';
    }
  }
}

/** The processes of a machine whose command line has a word. */
async function processesOf(host: Host, word: string): Promise<number[]> {
  const { stdout } = await host.run(['ps', '-e', '-o', 'pid=,stat=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(word) && !/^\s*\d+ Z|ps -e/.test(line))
    .map((line) => Number.parseInt(line, 10));
}

/** Ends them as a crash does. */
export async function killAll(host: Host, word: string): Promise<void> {
  for (;;) {
    const pids = await processesOf(host, word);
    if (pids.length === 0) return;
    await host.run(['kill', '-KILL', ...pids.map(String)]);
    await sleep(20);
  }
}
