import { Failure } from '@holdfast/base';
import { RestorePlan, type JournalRecord } from '@holdfast/model';
import type { Operation, OrderOutcome } from '@holdfast/model/fleet';
import type { StoredOrder } from '../../store/orders.ts';
import { tellFailure } from '../tell-failure.ts';
import { cluster, person, saved, World, type Replica, type Script } from './world.ts';

const at = '2026-11-20T10:00:00.000Z';
const run = { driver: 'systemd', unit: 'etcd.service' } as const;
const members = ['one', 'two', 'three'].map((name) => ({
  ...{
    name,
    peerUrls: [`https://${name}:2380`],
    clientUrls: [`https://${name}:2379`],
    dataDir: '/etcd',
    run,
  },
}));
const sight = {
  ...{ running: true, answers: true, inQuorum: true, data: 'readable', dataFault: '', revision: 1 },
  ...{ appliedIndex: 1, committedIndex: 1, lastIndex: 1, term: 1, size: 1, writtenAt: at },
  ...{ clusterId: null, memberId: null, listed: null, version: null },
} as const;
const hash = 'a'.repeat(64);
const kinds = [
  ['lock', 'Started'],
  ['stop', 'Shutdown'],
  ['place', 'Restore'],
  ['start', 'RestartCluster'],
  ['unlock', 'Finished'],
] as const;

/** A plan with a step of each phase. */
export const plan = RestorePlan.parse({
  ...{ apiVersion: 'holdfast.dev/v1', kind: 'RestorePlan', id: 'r-20261120t100000z-abcdef', createdAt: at },
  ...{ holdfast: '0.1.0', cluster: { name: 'prod', oldId: null }, why: 'it is lost', way: 'snapshot' },
  ...{ strategy: 'all', seed: null, token: 't', bump: null, expected: { clusterId: null, revision: null } },
  source: {
    ...{ kind: 'snapshot', label: 'snap-1', path: null, sha256: hash, size: 1, revision: 1, takenAt: at },
  },
  members: members.map((member) => ({ ...member, role: 'member', sight })),
  ...{
    controlPlane: [],
    loss: { revisions: null, since: null, objects: null, why: '' },
    checks: [],
    skips: [],
  },
  steps: kinds.map(([kind, phase], index) => ({
    ...{ number: index + 1, phase, kind, member: 'one', does: 'does', undone: 'undoes', final: false },
    ...{ limitMs: 1_000, estimateMs: 1 },
  })),
  ...{ estimateMs: 1, by: 'ann', hash },
});

type Event = Pick<JournalRecord, 'event' | 'step' | 'evidence'>;

/** The journal of a restore that finishes, or that comes to a stand in its third step. */
export const finishing: readonly Event[] = [
  { event: 'opened' },
  ...plan.steps.flatMap(({ number: step }): Event[] => [
    { event: 'begin', step },
    { event: 'done', step },
  ]),
  { event: 'finished' },
];
export const sticking: readonly Event[] = [
  ...finishing.slice(0, 6),
  { event: 'failed', step: 3, evidence: { why: 'the disk is full' } },
];

/** An agent that makes the plan, and leads with a journal that it tells a record at each look. */
export function leading(
  journalOf: (verb: string) => readonly Event[],
  from = new Map<string, number>(),
): Script {
  return async ({ order }: StoredOrder, world: World): Promise<OrderOutcome | undefined> => {
    if (order.kind === 'plan') return { outcome: 'done', result: { ...plan } };
    if (order.kind !== 'lead') return saved;
    const events = journalOf(String(order.input['verb']));
    const first = Array.isArray(order.input['records'])
      ? order.input['records'].length
      : (from.get('told') ?? 0);
    const told = (await world.store.orders.events(order.id, 0)).length;
    const n = first + told;
    const next = events[n];
    if (next === undefined) {
      const { event } = events.at(-1)!;
      if (event === 'finished' || event === 'rolled-back')
        return { outcome: 'done', result: { outcome: event, warnings: [] } };
      const failure = tellFailure(new Failure('restore-stuck', 'a step failed', { id: plan.id }));
      return { outcome: 'failed', failure };
    }
    const record: JournalRecord = { n, at: world.clock.now().toISOString(), ...next };
    await world.store.orders.tell([
      { order: order.id, n: told, at: record.at, type: 'record', data: { record } },
    ]);
    return undefined;
  };
}

/** A world whose cluster can be described. */
export async function restoreWorld(script: Script): Promise<World> {
  const world = await World.make();
  const placement = { one: 'n-aaaaa', two: 'n-bbbbb', three: 'n-ccccc' };
  const description = { apiVersion: 'holdfast.dev/v1', kind: 'ClusterDescription', name: 'prod' } as const;
  world.describe = async () => ({
    description: { ...description, members, controlPlane: [] },
    placement,
    notes: [],
  });
  world.script = script;
  return world;
}

/** Has a plan made, and asks for its restore. */
export async function askRestore(
  world: World,
  { operations }: Pick<Replica, 'operations'>,
  { restartNodes = true }: { readonly restartNodes?: boolean } = {},
): Promise<Operation> {
  const made = await operations.plan(person, {
    cluster,
    request: { scope: 'none', attest: [], skips: [], clone: false, restartNodes },
  });
  await world.until(made.id, ({ state }) => state === 'succeeded');
  return await operations.restore(person, { cluster, plan: made.id, hash, confirm: 'prod' });
}
