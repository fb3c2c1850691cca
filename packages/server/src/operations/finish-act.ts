import { Failure } from '@holdfast/base';
import { DrillReport } from '@holdfast/model';
import { SaveResult, type Operation } from '@holdfast/model/fleet';
import type { StoredOrder } from '../store/orders.ts';
import type { Act, SnapshotPlace } from './acts.ts';
import { end, wait } from './endings.ts';
import { inputOf, notesOf } from './inputs.ts';
import { resultIn } from './outcome-of.ts';
import { tellFailure } from './tell-failure.ts';
import type { View } from './view.ts';

/** Milliseconds after a save within which every member has to be as healthy as before. */
const healthMs = 60_000;

/**
 * What follows an order that was done. What the catalogue knows of a snapshot is brought up to date before it is said to be
 * over: who waits for the end sees what came of it.
 */
export function finishAct(view: View, done: StoredOrder): Act {
  if (view.operation.kind === 'save') return saveFinish(view, done);
  const result = resultIn(done)!;
  const state = result['outcome'] === 'partial' ? 'partial' : 'succeeded';
  const why = typeof result['note'] === 'string' && state === 'partial' ? result['note'] : '';
  const isBegun = view.operation.kind === 'plan' && inputOf('plan', view.operation).restores;
  const follows = isBegun ? ({ make: 'restore' } as const) : null;
  return { ...end(view, state, { result, why, follows }), refresh: touched(view.operation, done) };
}

/** The snapshot that an operation was about: the catalogue looks at it, however it has ended. */
export function touched({ kind }: Operation, settled: StoredOrder): SnapshotPlace[] {
  if (kind !== 'verify' && kind !== 'delete' && kind !== 'drill') return [];
  const { repository, snapshot } = settled.order.input as { repository: string; snapshot: string };
  const drill = DrillReport.safeParse(resultIn(settled));
  const passed = drill.success && drill.data.outcome === 'passed' ? { drilledAt: drill.data.at } : {};
  return [{ repository, name: snapshot, ...passed }];
}

/**
 * A save goes through the phases that Rancher's users know. `RestartCluster` restarts nothing: the members are looked at and
 * have to be as healthy as before.
 */
function saveFinish(view: View, done: StoredOrder): Act {
  const { operation, nodes, now } = view;
  const parsed = SaveResult.safeParse(resultIn(done));
  if (!parsed.success) {
    const odd = new Failure('order-invalid', 'its agent answered with what is no result of a save');
    return end(view, 'failed', { failure: tellFailure(odd) });
  }
  const saved = parsed.data;
  const { healthy = [] } = notesOf(operation);
  if (operation.phase === 'Started') {
    const refresh = saved.storedIn.map((repository) => ({ repository, name: saved.snapshot }));
    return { do: 'change', change: { phase: 'RestartCluster', why: '' }, refresh };
  }
  const ill = healthy.filter((name) => !nodes.some((node) => node.name === name && node.inQuorum));
  const until = Date.parse(done.settledAt!) + healthMs;
  const why = `the member of ${ill.join(', ')} was in quorum before and is not now`;
  if (ill.length > 0 && now.getTime() < until) return wait(view, why, Math.min(until, now.getTime() + 5_000));
  const { policy } = inputOf('save', operation);
  return end(view, saved.outcome === 'ok' && ill.length === 0 ? 'succeeded' : 'partial', {
    result: saved,
    failure: saved.failure,
    why: [...(saved.outcome === 'ok' ? [] : [saved.note]), ...(ill.length > 0 ? [why] : [])].join('; '),
    follows: policy === null ? null : { make: 'prune', policy: policy.name, after: done.settledAt! },
    change: { phase: 'Finished' },
  });
}
