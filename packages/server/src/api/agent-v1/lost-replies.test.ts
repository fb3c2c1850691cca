import fc from 'fast-check';
import type { OrderOutcome, SyncRequest } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import type { AgentCaller } from '../../auth/caller.ts';
import { testFleet, type Replica, type Reply, type TestFleet } from './testing/fleet.ts';

/** What becomes of one exchange between agent and server. */
type Fate = 'arrives' | 'request lost' | 'reply lost' | 'agent restarts';

interface Exchange {
  readonly fate: Fate;
  /** Which replica is asked. */
  readonly replica: 0 | 1;
  /** What the agent does with what it knows before it asks. */
  readonly works: boolean;
  /** Whether the server has a new order for it. */
  readonly ordered: boolean;
}

/** An agent by the protocol: what it knows is on its disk, and each order is done step by step. */
class Agent {
  readonly done = new Map<string, number>();
  readonly handed = new Map<string, number>();
  readonly #orders = new Map<
    string,
    { events: SyncRequest['events']; outcome?: OrderOutcome; told: boolean }
  >();
  #runs: SyncRequest['ownRuns'];
  assignment = '';

  constructor(runs: SyncRequest['ownRuns']) {
    this.#runs = runs;
  }

  get isQuiet(): boolean {
    return this.#runs.length === 0 && [...this.#orders.values()].every(({ told }) => told);
  }

  /** One step of each order: three events, then the end. */
  work(at: string): void {
    for (const [order, kept] of this.#orders) {
      if (kept.outcome !== undefined) continue;
      if (kept.events.length < 3)
        kept.events.push({
          order,
          n: kept.events.length,
          at,
          type: 'note',
          data: { step: kept.events.length },
        });
      else {
        kept.outcome = { outcome: 'done', result: { order } };
        this.done.set(order, (this.done.get(order) ?? 0) + 1);
      }
    }
  }

  request(): Partial<SyncRequest> {
    const open = [...this.#orders].filter(([, { told }]) => !told);
    return {
      assignment: this.assignment,
      running: open.filter(([, { outcome }]) => outcome === undefined).map(([id]) => id),
      outcomes: open.flatMap(([order, { outcome }]) => (outcome === undefined ? [] : [{ order, outcome }])),
      events: [...this.#orders.values()].flatMap(({ events }) =>
        events.filter(({ n }) => n >= this.#storedTo(events)),
      ),
      ownRuns: this.#runs,
    };
  }

  hear({ orders, assignment, storedOutcomes, storedEvents, storedRuns }: Reply): void {
    for (const { id } of orders) {
      this.handed.set(id, (this.handed.get(id) ?? 0) + 1);
      if (!this.#orders.has(id)) this.#orders.set(id, { events: [], told: false });
    }
    this.assignment = assignment?.version ?? this.assignment;
    for (const id of storedOutcomes) this.#orders.get(id)!.told = true;
    for (const { order, upTo } of storedEvents) this.#stored.set(order, upTo + 1);
    this.#runs = this.#runs.filter(({ id }) => !storedRuns.includes(id));
  }

  readonly #stored = new Map<string, number>();

  #storedTo(events: SyncRequest['events']): number {
    return this.#stored.get(events[0]?.order ?? '') ?? 0;
  }
}

const exchanges = fc.array(
  fc.record<Exchange>({
    fate: fc.constantFrom<Fate>('arrives', 'request lost', 'reply lost', 'agent restarts'),
    replica: fc.constantFrom(0, 1),
    works: fc.boolean(),
    ordered: fc.boolean(),
  }),
  { minLength: 1, maxLength: 14 },
);

test('whatever is lost on the way, each order is done once, and what is told of it is stored once', async () => {
  await using fleet = await testFleet(2);
  const cluster = await fleet.cluster('prod');
  let count = 0;
  await fc.assert(
    fc.asyncProperty(exchanges, async (script) => {
      const node = await fleet.node(cluster, `etcd-${count++}`);
      await play(fleet, node, script);
    }),
    { numRuns: 60 },
  );
});

async function play(fleet: TestFleet, node: AgentCaller, script: readonly Exchange[]): Promise<void> {
  const { store, clock } = fleet.context;
  const at = clock.now().toISOString();
  const run = {
    ...{
      id: 'own-1',
      policy: 'nightly',
      job: 'save' as const,
      scheduledFor: null,
      startedAt: at,
      endedAt: at,
    },
    result: { outcome: 'ok' as const, failure: null, note: '', warnings: [] },
  };
  const agent = new Agent([run]);
  const wanted: string[] = [];
  const talk = async ({ fate, replica, works }: Omit<Exchange, 'ordered'>): Promise<void> => {
    if (works) agent.work(at);
    if (fate === 'request lost') return;
    const server: Replica = fleet.replicas[replica]!;
    const reply = await server.sync(node, agent.request());
    if (fate === 'arrives') agent.hear(reply);
  };
  for (const exchange of script) {
    if (exchange.ordered) wanted.push((await fleet.order(node)).id);
    await talk(exchange);
  }
  for (let time = 0; time < 8 || !agent.isQuiet; time++) {
    if (time > 30) throw new Error('the agent does not come to rest');
    await talk({ fate: 'arrives', replica: (time % 2) as 0 | 1, works: true });
  }
  expect([...agent.done.keys()].sort()).toEqual(wanted.toSorted());
  expect([...agent.done.values()].every((times) => times === 1)).toBe(true);
  for (const id of wanted) {
    expect(agent.handed.get(id)).toBeGreaterThan(0);
    expect((await store.orders.get(id))?.outcome).toEqual({ outcome: 'done', result: { order: id } });
    expect((await store.orders.events(id, 0)).map(({ n }) => n)).toEqual([0, 1, 2]);
  }
  const own = await store.operations.list({ limit: 1_000, clusters: [node.cluster], kind: 'save' });
  expect(own.items.filter((each) => each.node === node.node)).toHaveLength(1);
}
