import { describe, expect, test } from 'vitest';
import type { Operation } from '@holdfast/model/fleet';
import type { StoredOrder } from '../store/orders.ts';
import type { Act } from './acts.ts';
import { nextAct } from './next-act.ts';
import { restoreStage, restoreStages, restoreTable, type RestoreStage } from './restore-act.ts';
import { finishing, plan } from './testing/restore-world.ts';
import type { View } from './view.ts';

const now = new Date('2026-11-20T12:00:00.000Z');
const ago = (ms: number): string => new Date(now.getTime() - ms).toISOString();
const leadOrder: StoredOrder = {
  order: {
    ...{ id: 'o-aaaaa', operation: 'op-aaaaa', node: 'n-aaaaa', kind: 'lead', input: { verb: 'run' } },
    ...{ issuedBy: 'server', createdAt: ago(600_000), deadline: null },
  },
  cancelled: false,
  outcome: null,
  settledAt: null,
};
const over: StoredOrder = { ...leadOrder, outcome: { outcome: 'cancelled' }, settledAt: ago(1_000) };
const wanted = { verb: 'abort', by: 'bob' } as const;
const approved = { state: 'running', startedAt: ago(1_000) } as const;

interface Made {
  readonly operation?: Partial<Operation>;
  readonly orders?: readonly StoredOrder[];
  readonly holds?: true;
  readonly gone?: true;
  readonly untold?: true;
  readonly besides?: Partial<Operation>;
}

/** What makes up each stage. */
const stages: Readonly<Record<RestoreStage, Made>> = {
  unwanted: { operation: { result: { cancel: { by: 'bob', reason: '', at: ago(1) } } } },
  unapproved: { operation: { approvalsNeeded: 1 } },
  expired: { operation: { approvalsNeeded: 1, createdAt: ago(25 * 3_600_000) } },
  free: {},
  shared: { operation: approved, holds: true, besides: { kind: 'prune', state: 'running', node: 'n-bbbbb' } },
  ready: { operation: approved, holds: true },
  untold: { operation: approved, orders: [leadOrder], untold: true },
  led: { operation: approved, orders: [leadOrder] },
  'called-off': { operation: { ...approved, result: { wanted } }, orders: [leadOrder] },
  'lost-leader': { operation: { ...approved, result: { wanted } }, orders: [leadOrder], gone: true },
  asked: { operation: { ...approved, result: { wanted } }, orders: [over] },
  unclear: { operation: approved, orders: [over] },
  ended: { operation: approved, orders: [{ ...over, settledAt: ago(11_000) }] },
};
/** What each word of the table comes to here. */
const acts: Readonly<Record<(typeof restoreTable)[RestoreStage], Act['do']>> = {
  end: 'end',
  wait: 'wait',
  hold: 'hold',
  clear: 'displace',
  lead: 'order',
  tell: 'change',
  withdraw: 'withdraw',
  settle: 'settle',
  conclude: 'end',
};

function viewOf({ operation, orders = [], holds, gone, untold, besides }: Made): View {
  const known = {
    inQuorum: true,
    isLeader: false,
    isLearner: false,
    raftIndex: 1,
    freeBytes: 1,
    standsIn: false,
    hasMember: true,
    hasControlPlane: false,
    nodeParts: [],
  };
  const restore: Operation = {
    ...{
      id: 'op-aaaaa',
      kind: 'restore',
      cluster: 'c-aaaaa',
      state: 'waiting',
      phase: null,
      why: '',
      steps: [],
    },
    ...{ policy: null, trigger: 'manual', scheduledFor: null, requestedBy: 'ann', approvals: [] },
    ...{ approvalsNeeded: 0, node: null, createdAt: ago(600_000), startedAt: null, endedAt: null },
    input: { plan, from: 'op-bbbbb', placement: { one: 'n-aaaaa' }, repository: null, leader: 'n-aaaaa' },
    ...{ result: null, failure: null, ...operation },
  };
  return {
    operation: restore,
    cluster: { name: 'prod', distribution: 'etcd', heldBy: holds === true ? restore.id : null },
    orders,
    others: besides === undefined ? [] : [{ ...restore, id: 'op-ccccc', ...besides }],
    nodes: [{ node: 'n-aaaaa', name: 'a', connected: gone !== true, seenAt: ago(100_000), ...known }],
    journal: untold === true ? [{ n: 0, at: ago(1), event: finishing[0]!.event }] : [],
    ...{ newest: null, watchedSince: new Date(ago(900_000)), now },
  };
}

describe.each(restoreStages)('a restore that is %s', (stage) => {
  test('is followed by what the table says', () => {
    const view = viewOf(stages[stage]);
    expect(restoreStage(view)).toBe(stage);
    expect(nextAct(view).do).toBe(acts[restoreTable[stage]]);
  });
});
