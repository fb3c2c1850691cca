import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { connectServer, type ServerClient } from '@holdfast/client';
import type { Operation, RepositorySecrets, RepositorySpec } from '@holdfast/model/fleet';
import { etcdBinaries, type EtcdMinor, type Host, hostsOrSkip, type Lan } from '@holdfast/test-servers';
import { EtcdNode, killAll, type Founding } from './etcd-node.ts';
import { until } from './until.ts';

const bin = join(import.meta.dirname, '../../../packages/cli/bin/holdfast.js');
type Started = Awaited<ReturnType<Host['start']>>;

export interface FleetOptions {
  readonly members: number;
  /** Machines with an agent and no etcd yet. */
  readonly spare?: number;
  readonly version?: EtcdMinor;
  /** How long the agents wait for the server before they carry policies out by themselves, as `5m`. */
  readonly standInAfter?: string;
  /** Each node has the folder of the repository to itself, as one of its own disk. */
  readonly localRepository?: true;
  /** Where the repository is, and what opens it; a folder that all have mounted when absent. */
  readonly repository?: (
    lan: Lan,
  ) => Promise<{ readonly s3: NonNullable<RepositorySpec['s3']>; readonly secrets: RepositorySecrets }>;
  /** MiB of a disk of its own of each node. */
  readonly diskMiB?: number;
}

/** What the cluster held at its snapshot and at its end. */
export interface Content {
  readonly snapshot: string;
  readonly clusterId: bigint;
  readonly atSnapshot: readonly string[];
  readonly atEnd: readonly string[];
}

/**
 * A fleet on machines of its own: a server on one, an etcd and an agent on each of the others, a folder in place of an NFS
 * that all of them have mounted. `await using` ends it.
 */
export class Fleet implements AsyncDisposable {
  readonly lan: Lan;
  readonly server: Host;
  readonly nodes: readonly EtcdNode[];
  readonly founding: Founding;
  readonly #options: FleetOptions;
  readonly #agents = new Map<EtcdNode, { readonly process: Started; readonly isPlain: boolean }>();
  #serving: Started | undefined;
  client!: ServerClient;
  cluster = '';

  private constructor(
    lan: Lan,
    server: Host,
    nodes: readonly EtcdNode[],
    founding: Founding,
    options: FleetOptions,
  ) {
    this.lan = lan;
    this.server = server;
    this.nodes = nodes;
    this.founding = founding;
    this.#options = options;
  }

  /** Starts everything: members in quorum, agents heard, a repository; nothing is saved yet. */
  static async make(options: FleetOptions): Promise<Fleet> {
    const hosts = await hostsOrSkip();
    if (hosts.skip) throw new Error('machines of namespaces cannot be had here');
    const lan = await hosts.start();
    try {
      const server = await lan.host('server', 10);
      const { members, spare = 0, diskMiB } = options;
      const nodes: EtcdNode[] = [];
      for (let i = 1; i <= members + spare; i += 1) {
        const disk = diskMiB === undefined ? {} : { diskMiB };
        nodes.push(new EtcdNode(await lan.host(`n${i}`, 10 + i, disk)));
      }
      const first = nodes.slice(0, members);
      const founding = {
        binaries: await etcdBinaries(options.version ?? '3.6'),
        initialCluster: first.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(','),
      };
      const fleet = new Fleet(lan, server, nodes, founding, options);
      await fleet.#begin(first);
      return fleet;
    } catch (error) {
      await lan[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Those that the cluster was founded with. */
  get members(): readonly EtcdNode[] {
    return this.nodes.slice(0, this.#options.members);
  }
  get spare(): readonly EtcdNode[] {
    return this.nodes.slice(this.#options.members);
  }
  get repository(): string {
    return join(this.lan.dir, 'repository');
  }
  get url(): string {
    return `https://${this.server.address}:9443`;
  }
  get #dataDir(): string {
    return join(this.server.disk, 'server');
  }
  get serverLog(): string {
    return join(this.lan.dir, 'server.log');
  }
  #at(name: string): string {
    return join(this.lan.dir, name);
  }

  async #begin(first: readonly EtcdNode[]): Promise<void> {
    mkdirSync(this.repository, { mode: 0o700 });
    writeFileSync(this.#at('password'), 'correct horse battery\n', { mode: 0o600 });
    await this.startServer();
    await this.logIn();
    for (const node of first) await node.startEtcd(this.founding);
    await this.healthy(first);
    const { id } = await this.client.call('createCluster', {
      body: { name: 'prod', description: '', distribution: 'etcd', repositories: [], approvals: 0 },
    });
    this.cluster = id;
    const { localRepository, repository } = this.#options;
    const readByServer = localRepository === undefined;
    const { s3, secrets = {} } = (await repository?.(this.lan)) ?? {};
    const at = s3 === undefined ? { path: this.repository } : { s3 };
    await this.client.call('createRepository', {
      body: { spec: { name: 'main', ...at, readByServer }, secrets, create: readByServer },
    });
    for (const node of readByServer ? [] : this.nodes) await node.bind(this.repository);
    await this.put({ repositories: ['main'] });
    for (const node of this.nodes) {
      node.describe(this.founding);
      await this.startAgent(node);
    }
    await this.connected(this.nodes);
  }

  async startServer(): Promise<void> {
    const at = ['--listen', `${this.server.address}:9443`, '--advertise', this.server.address];
    const options = ['--data-dir', this.#dataDir, ...at];
    const password = ['--admin-password-file', this.#at('password')];
    const { standInAfter = '5m' } = this.#options;
    const command = [...options, ...password, '--stand-in-after', standInAfter];
    this.#serving = await this.server.start([process.execPath, bin, 'server', ...command], {
      logFile: this.serverLog,
    });
    await until(`the server answers, see ${this.serverLog}`, async () => {
      if (this.#serving?.ending !== undefined) throw new Error('it has ended');
      const { status } = await this.server.run(['curl', '-skf', '--max-time', '2', `${this.url}/readyz`]);
      return status === 0;
    });
  }

  async killServer(): Promise<void> {
    await kill(this.server, this.#serving);
  }

  /** As the first admin, by the CA that the server itself has made. */
  async logIn(): Promise<void> {
    const { stdout: ca } = await this.server.run(['curl', '-sk', `${this.url}/v1/ca`]);
    writeFileSync(this.#at('ca.crt'), ca);
    const anybody = await connectServer({ url: this.url, ca, clock: systemClock });
    const password = readFileSync(this.#at('password'), 'utf8').trim();
    const { token } = await anybody.call('logIn', { body: { name: 'admin', password } });
    this.client = await connectServer({ url: this.url, ca, clock: systemClock, token });
  }

  /** Starts the agent of a node; the first time it joins, and whenever it `joins` anew. */
  async startAgent(node: EtcdNode, env: NodeJS.ProcessEnv = {}, { joins = false } = {}): Promise<void> {
    const joining: string[] = [];
    if (joins || !existsSync(join(node.stateDir, 'fleet'))) {
      const params = { cluster: this.cluster };
      const { token } = await this.client.call('createJoinToken', { params, body: {} });
      const file = join(node.logs, 'token');
      writeFileSync(file, token, { mode: 0o600 });
      joining.push('--token-file', file);
    }
    const server = ['--server', this.url, '--server-ca', this.#at('ca.crt'), ...joining];
    const own = ['--state-dir', node.stateDir, '--cluster-file', node.clusterFile, '--listen', 'none'];
    const etcd = [
      '--endpoints',
      node.clientUrl,
      '--name',
      node.name,
      '--peer-listen',
      `${node.host.address}:0`,
    ];
    const command = [process.execPath, bin, 'agent', ...server, ...own, ...etcd] as const;
    const started = await node.host.start(command, { logFile: node.agentLog, env });
    this.#agents.set(node, { process: started, isPlain: Object.keys(env).length === 0 });
  }

  async killAgent(node: EtcdNode): Promise<void> {
    await kill(node.host, this.#agents.get(node)?.process);
  }

  isAgentRunning(node: EtcdNode): boolean {
    const agent = this.#agents.get(node)?.process;
    return agent !== undefined && agent.ending === undefined;
  }

  /** Waits until an agent has frozen itself. @returns lets it go on */
  async untilFrozen(node: EtcdNode): Promise<() => Promise<void>> {
    const { process: agent } = this.#agents.get(node)!;
    const isFrozen = async (): Promise<boolean> => {
      const { stdout } = await node.host.run(['ps', '-e', '-o', 'stat=,args=']);
      return stdout.split('\n').some((line) => line.startsWith('T') && line.includes(bin));
    };
    await until(`the agent of ${node.name} is frozen`, isFrozen);
    return async () => {
      await until(`the agent of ${node.name} goes on`, async () => {
        // The process that is its parent freezes with it, and passes the signal on.
        agent.signal('SIGCONT');
        return !(await isFrozen());
      });
    };
  }

  /** Ends an agent and starts it in another environment: with a clock that is wrong, or to be struck. */
  async restartAgent(node: EtcdNode, env: NodeJS.ProcessEnv = {}): Promise<void> {
    await this.killAgent(node);
    await this.startAgent(node, env);
  }

  /** Ends every etcd, and keeps what lies in the data directories, for `reset` to bring back. */
  async keep(): Promise<void> {
    for (const node of this.nodes) await node.killEtcd();
    for (const node of this.members) copy(node.dataDir, this.#at(`template/${node.name}`));
  }

  /** Everything as it was when it was kept: machines on and plugged in, server and agents at work, members in quorum. */
  async reset(): Promise<void> {
    for (const { host } of this.nodes) {
      await host.powerOn();
      await host.plugIn();
    }
    if (this.#serving?.ending !== undefined) await this.startServer();
    for (const node of this.nodes) {
      await node.killEtcd();
      node.wipe();
      if (!this.isAgentRunning(node) || this.#agents.get(node)?.isPlain === false)
        await this.restartAgent(node);
    }
    for (const node of this.members) {
      copy(this.#at(`template/${node.name}`), node.dataDir);
      await node.startEtcd(this.founding);
    }
    await this.healthy(this.members);
    await this.connected(this.nodes);
  }

  /** Waits until the server hears the agents of nodes, and knows their members. */
  async connected(nodes: readonly EtcdNode[]): Promise<void> {
    await until(`the agents of ${nodes.map(({ name }) => name).join(', ')} are heard`, async () => {
      const { items } = await this.client.call('listNodes', { params: { cluster: this.cluster } });
      return nodes.every(({ name }) =>
        items.some((each) => each.name === name && each.connected && each.inventory !== null),
      );
    });
  }

  /** Waits until the server knows that the agents of nodes are gone. */
  async away(nodes: readonly EtcdNode[]): Promise<void> {
    await until(`the agents of ${nodes.map(({ name }) => name).join(', ')} are away`, async () => {
      const { items } = await this.client.call('listNodes', { params: { cluster: this.cluster } });
      return nodes.every(({ name }) => items.some((each) => each.name === name && !each.connected));
    });
  }

  /** Waits until all of these answer a read that needs a quorum. */
  async healthy(nodes: readonly EtcdNode[]): Promise<void> {
    for (const node of nodes) {
      const gateway = node.gateway();
      try {
        await until(`${node.name} is in a quorum, see ${node.etcdLog}`, async () => {
          await gateway.range({ key: 'x' });
          return true;
        });
      } finally {
        gateway.close();
      }
    }
  }

  /** Changes what is said of the cluster. */
  async put(change: Readonly<Record<string, unknown>>): Promise<void> {
    const params = { cluster: this.cluster };
    const { name, description, distribution, repositories, approvals, version } = await this.client.call(
      'getCluster',
      { params },
    );
    const body = { name, description, distribution, repositories, approvals, ...change };
    await this.client.call('putCluster', { params, body, ifMatch: `"v${version}"` });
  }

  /** Fills the cluster, saves it through the server, and writes on. */
  async fillAndSave(before = 40, after = 20): Promise<Content> {
    const [early, late] = [keys('early', before), keys('late', after)];
    const gateway = this.members[0]!.gateway();
    try {
      for (const key of early) await gateway.put(key, `value of ${key}`);
      const saved = await this.ended(
        await this.client.call('saveSnapshot', { params: { cluster: this.cluster }, body: {} }),
      );
      if (saved.state !== 'succeeded')
        throw new Error(`not saved: ${JSON.stringify(saved.failure ?? saved.why)}`);
      for (const key of late) await gateway.put(key, `value of ${key}`);
      await gateway.deleteRange(early[0]!);
      const { clusterId } = await gateway.status();
      return {
        snapshot: String(saved.result?.['snapshot']),
        clusterId,
        atSnapshot: early.toSorted(),
        atEnd: [...early.slice(1), ...late].toSorted(),
      };
    } finally {
      gateway.close();
    }
  }

  /** Waits for the end of an operation, or until it stands still for a person. */
  async ended({ id }: Pick<Operation, 'id'>, limitMs = 180_000): Promise<Operation> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const operation = await this.client.call('getOperation', {
        params: { operation: id },
        query: { waitMs: 10_000 },
      });
      if (operation.endedAt !== null || operation.state === 'stuck') return operation;
      if (performance.now() > deadline)
        throw new Error(`${id} does not end: ${operation.state} ${operation.phase ?? ''} ${operation.why}`);
    }
  }

  /** Plans a restore; the operation's result is the plan. */
  async plan(request: Readonly<Record<string, unknown>> = {}): Promise<Operation> {
    const params = { cluster: this.cluster };
    return this.ended(await this.client.call('planRestore', { params, body: request }));
  }

  /** Plans a restore and begins it. */
  async beginRestore(request: Readonly<Record<string, unknown>> = {}): Promise<Operation> {
    const planned = await this.plan(request);
    if (planned.state !== 'succeeded')
      throw new Error(`no plan: ${JSON.stringify(planned.failure ?? planned.why)}`);
    return this.client.call('beginRestore', {
      params: { cluster: this.cluster },
      body: { plan: planned.id, hash: String(planned.result?.['hash']), confirm: 'prod' },
    });
  }

  async restore(request: Readonly<Record<string, unknown>> = {}): Promise<Operation> {
    return this.ended(await this.beginRestore(request));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client?.[Symbol.asyncDispose]();
    await this.lan[Symbol.asyncDispose]();
  }
}

/** Ends a process of the product as a crash does. */
async function kill(host: Host, started: Started | undefined): Promise<void> {
  await until(`${host.name} has ended a process`, async () => {
    if (started === undefined || started.ending !== undefined) return true;
    if (host.isOn) await killAll(host, bin);
    // Its parent is frozen where it was.
    started.signal('SIGCONT');
    return false;
  });
}

/** Copies a tree with its holes: a log is 64 MB of zeros. */
function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(from)) execFileSync('cp', ['-r', '--sparse=always', join(from, name), to]);
}

function keys(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `/registry/pods/default/${prefix}-${i}`);
}
