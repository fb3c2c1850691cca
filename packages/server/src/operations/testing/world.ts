import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Policy } from '@holdfast/model';
import type { Operation, OrderOutcome } from '@holdfast/model/fleet';
import { pino } from 'pino';
import type { ServerContext } from '../../context.ts';
import type { StoredOrder } from '../../store/orders.ts';
import { openSqliteStore } from '../../store/sqlite/open.ts';
import type { Store } from '../../store/store.ts';
import { makeOperations, type RunningOperations } from '../make-operations.ts';
import type { Candidate, OperationPorts } from '../ports.ts';
import { Mortality, mortalStore } from './mortal-store.ts';
import { SteppingClock } from './stepping-clock.ts';

export const cluster = 'c-aaaaa';
export const person = { by: 'ann', trigger: 'manual' } as const;

/** What an agent does with an order, each time that it is looked at: its end, or nothing yet. */
export type Script = (
  order: StoredOrder,
  world: World,
) => OrderOutcome | undefined | Promise<OrderOutcome | undefined>;

export const saved: OrderOutcome = {
  outcome: 'done',
  result: { outcome: 'ok', failure: null, snapshot: 'snap-1', storedIn: ['main'], note: '', warnings: [] },
};

export function policyOf(written: Partial<Policy> = {}): Policy {
  return Policy.parse({
    name: 'hourly',
    schedule: { cron: '0 * * * *', timeZone: 'UTC' },
    targets: [{ repository: 'main' }],
    retention: { last: 3 },
    ...written,
  });
}

/** One replica: its process, which may be made to die at a call of the store. */
export interface Replica {
  readonly operations: RunningOperations;
  readonly context: ServerContext;
  readonly life: Mortality;
  stop(): Promise<void>;
}

/** A store, a clock that is told to go on, agents that do by a script what they are ordered, and any number of replicas. */
export class World implements AsyncDisposable {
  readonly clock: SteppingClock;
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-operations-'));
  store!: Store;
  nodes: Candidate[] = ['n-aaaaa', 'n-bbbbb', 'n-ccccc'].map((node, at) => candidate(node, at === 0));
  script: Script = () => saved;
  /** Orders whose end an agent has told, by kind and node. */
  readonly done: string[] = [];
  readonly refreshed: string[] = [];
  /** By how much time goes on at least: long stories are told with less care. */
  paceMs = 0;
  describe: OperationPorts['describe'] = async () => ({ description: null, placement: {}, notes: [] });
  readonly #replicas: Replica[] = [];
  #counter = 0;

  private constructor(at: string) {
    this.clock = new SteppingClock(at);
  }

  static async make(at = '2026-11-20T09:59:30.000Z'): Promise<World> {
    const world = new World(at);
    world.store = await openSqliteStore({ file: join(world.folder, 'store.sqlite'), clock: world.clock });
    const { store } = world;
    const spec = {
      name: 'prod',
      description: '',
      distribution: 'etcd',
      repositories: ['main'],
      approvals: 0,
    } as const;
    await store.clusters.create({ id: cluster, spec: { ...spec, repositories: ['main'] }, createdAt: at });
    await store.repositories.create({
      ...{ name: 'main', spec: { name: 'main', s3: { bucket: 'b' }, readByServer: true } },
      ...{ secretNames: [], sealed: null, createdAt: at },
    });
    for (const { node, name } of world.nodes)
      await store.nodes.create({ id: node, cluster, name, joinedAt: at, certificateNotAfter: null });
    return world;
  }

  /** A replica that has not begun to run. */
  replica(dieAt?: number): Replica {
    const life = new Mortality(dieAt);
    const context: ServerContext = {
      ...{ clock: this.clock, store: mortalStore(this.store, life), holdfast: '0.1.0' },
      sealer: {
        seal: (_, plain) => plain,
        open: (_, sealed) => sealed,
        mark: (of, plain) => `${of} ${plain}`,
      },
      log: pino({ level: 'silent' }),
      replica: `r-${this.#replicas.length}`,
      random: (bytes) => this.#random(bytes),
      ...{ scratchFolder: this.folder, memory: this.folder },
    };
    const ports: OperationPorts = {
      nodesOf: async () => this.nodes,
      describe: (of) => this.describe(of),
      refresh: async (_, repository, name, _signal, drilledAt) => {
        this.refreshed.push(
          [`${repository}:${name}`, ...(drilledAt === undefined ? [] : [drilledAt])].join(' '),
        );
        return undefined;
      },
    };
    const operations = makeOperations(context, ports);
    const replica = { operations, context, life, stop: async () => {} };
    this.#replicas.push(replica);
    return replica;
  }

  /** A replica at work. */
  start(dieAt?: number): Replica {
    const replica = this.replica(dieAt);
    const end = new AbortController();
    const running = replica.operations.run(end.signal);
    const stop = async (): Promise<void> => {
      end.abort();
      await running;
    };
    return Object.assign(replica, { stop });
  }

  /** Time goes by. */
  async go(ms: number): Promise<void> {
    const until = this.clock.now().getTime() + ms;
    do await this.settle();
    while (this.clock.step(until, this.paceMs));
    await this.settle();
  }

  /** Time goes by until an operation has ended, for two hours at most. */
  async until(id: string, isEnd: (operation: Operation) => boolean): Promise<Operation> {
    const until = this.clock.now().getTime() + 2 * 3_600_000;
    for (;;) {
      await this.settle();
      const operation = await this.get(id);
      if (isEnd(operation) || this.clock.now().getTime() >= until) return operation;
      this.clock.step(until, this.paceMs);
    }
  }

  async get(id: string): Promise<Operation> {
    return (await this.store.operations.get(id))!;
  }

  async orders(id: string): Promise<readonly StoredOrder[]> {
    return await this.store.orders.ofOperation(id);
  }

  node(id: string, changed: Partial<Candidate>): void {
    this.nodes = this.nodes.map((each) => (each.node === id ? { ...each, ...changed } : each));
  }

  /** Lets everybody do what they can do now. */
  async settle(): Promise<void> {
    do for (let at = 0; at < 4; at += 1) await setImmediate();
    while (await this.#agents());
  }

  /** @returns whether any has told something */
  async #agents(): Promise<boolean> {
    const before = this.done.length;
    for (const { node, connected } of this.nodes) {
      if (!connected) continue;
      for (const order of await this.store.orders.open(node)) {
        const outcome = order.cancelled
          ? ({ outcome: 'cancelled' } as const)
          : await this.script(order, this);
        if (outcome === undefined) continue;
        this.done.push(`${order.order.kind} ${node}`);
        await this.store.orders.settle(order.order.id, outcome, this.clock.now().toISOString());
      }
    }
    return this.done.length > before;
  }

  #random(bytes: number): Uint8Array {
    this.#counter += 1;
    const drawn = new Uint8Array(bytes);
    new DataView(drawn.buffer).setUint16(bytes - 2, ((this.#counter >> 5) << 8) | (this.#counter & 31));
    return drawn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#replicas) await each.stop();
    await this.store[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function candidate(node: string, isLeader: boolean): Candidate {
  return {
    ...{ node, name: node.replace('n-', 'host-'), connected: true, seenAt: null, inQuorum: true },
    ...{ isLeader, isLearner: false, raftIndex: 100, freeBytes: 1e9, standsIn: false },
    ...{ hasMember: true, hasControlPlane: false, nodeParts: [] },
  };
}
