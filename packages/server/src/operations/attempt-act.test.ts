import { Failure } from '@holdfast/base';
import type { Operation, OrderOutcome } from '@holdfast/model/fleet';
import { describe, expect, test } from 'vitest';
import type { StoredOrder } from '../store/orders.ts';
import type { Act } from './acts.ts';
import {
  attemptStage,
  attemptStages,
  attemptTable,
  type AttemptMove,
  type AttemptStage,
} from './attempt-act.ts';
import { nextAct } from './next-act.ts';
import { tellFailure } from './tell-failure.ts';
import type { View } from './view.ts';

const now = new Date('2026-11-20T10:00:00.000Z');
const ago = (ms: number): string => new Date(now.getTime() - ms).toISOString();

/** What makes up each stage. */
const stages: Readonly<
  Record<AttemptStage, { order?: Partial<StoredOrder>; connected?: boolean; overdue?: true }>
> = {
  none: {},
  open: { order: {} },
  silent: { order: {}, connected: false },
  overdue: { order: {}, overdue: true },
  withdrawn: { order: { cancelled: true } },
  deaf: { order: { cancelled: true } },
  done: {
    order: { outcome: { outcome: 'done', result: { outcome: 'ok', note: '', failure: null, warnings: [] } } },
  },
  lost: { order: { outcome: failed('node-silent') } },
  failed: { order: { outcome: failed('etcd-unreachable') } },
};
/** What each move comes to, with a node that is there and nothing in the way. */
const acts: Readonly<Record<AttemptMove, Act['do']>> = {
  begin: 'order',
  wait: 'wait',
  settle: 'settle',
  withdraw: 'withdraw',
  finish: 'end',
  elsewhere: 'order',
  retry: 'end',
  cancel: 'end',
};

function failed(code: 'node-silent' | 'etcd-unreachable'): OrderOutcome {
  return {
    outcome: 'failed',
    failure: tellFailure(new Failure(code, 'why', { node: 'n-aaaaa', endpoint: 'e' })),
  };
}

function viewOf(stage: AttemptStage, isWanted: boolean): View {
  const { order, connected = true, overdue } = stages[stage];
  const cancel = { by: 'bob', reason: '', at: ago(stage === 'deaf' ? 61_000 : 1_000) };
  const snapshot = { repository: 'main', cluster: 'id', snapshot: 's', reason: '' };
  const operation: Operation = {
    ...{
      id: 'op-aaaaa',
      kind: 'verify',
      cluster: 'c-aaaaa',
      state: 'running',
      phase: null,
      why: '',
      steps: [],
    },
    ...{ policy: null, trigger: 'manual', scheduledFor: null, requestedBy: 'ann', approvals: [] },
    ...{ approvalsNeeded: 0, node: null, createdAt: ago(600_000), startedAt: null, endedAt: null },
    input: { ...snapshot, place: { node: null, standsIn: false } },
    result: isWanted && stage !== 'deaf' ? null : { cancel },
    failure: null,
  };
  const made: StoredOrder = {
    order: {
      ...{ id: 'o-aaaaa', operation: 'op-aaaaa', node: 'n-aaaaa', kind: 'verify', input: snapshot },
      ...{ issuedBy: 'server', createdAt: ago(300_000), deadline: overdue === true ? ago(1) : null },
    },
    cancelled: false,
    outcome: null,
    settledAt: ago(1_000),
    ...order,
  };
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
  return {
    operation,
    cluster: { name: 'prod', distribution: 'etcd', heldBy: null },
    orders: order === undefined ? [] : [made],
    others: [],
    nodes: [
      { node: 'n-aaaaa', name: 'a', connected, seenAt: ago(100_000), ...known },
      { node: 'n-bbbbb', name: 'b', connected: true, seenAt: ago(1_000), ...known },
    ],
    journal: [],
    newest: null,
    watchedSince: new Date(ago(900_000)),
    now,
  };
}

describe.each(attemptStages)('an order that is %s', (stage) => {
  test.each(['wanted', 'unwanted'] as const)(
    'and whose operation is %s is followed by what the table says',
    (how) => {
      const view = viewOf(stage, how === 'wanted');
      expect(attemptStage(view)).toBe(stage);
      const move = attemptTable[stage][how];
      const act = nextAct(view);
      expect(act.do).toBe(acts[move]);
      // The same is found by whoever looks, however often.
      expect(nextAct(view)).toEqual(act);
      if (act.do === 'order') expect(act.order).toMatchObject({ attempt: view.orders.length });
      if (move === 'elsewhere') expect(act).toMatchObject({ order: { node: 'n-bbbbb' } });
      if (move === 'cancel') expect(act.change).toMatchObject({ state: 'cancelled' });
      if (move === 'finish') expect(act.change).toMatchObject({ state: 'succeeded' });
      if (move === 'retry') expect(act.change).toMatchObject({ state: 'failed' });
    },
  );
});
