import { Failure } from '@holdfast/base';
import { DrillReport, Evidence } from '@holdfast/model';
import { FailureTold } from '@holdfast/model/fleet';
import type { StoredOrder } from '../store/orders.ts';
import { tellFailure } from './tell-failure.ts';

/** Failures of the way to a node: they say nothing of what was to be done. */
const lostCodes: ReadonlySet<string> = new Set(['node-silent', 'order-lost', 'order-cancelled']);

/** Why an order that is settled did not do what it was to do; null where it did, or is not settled. */
export function failureIn({ outcome, order }: StoredOrder): FailureTold | null {
  if (outcome === null) return null;
  if (outcome.outcome === 'failed') return outcome.failure;
  if (outcome.outcome === 'cancelled')
    return tellFailure(new Failure('order-cancelled', 'its agent gave it up', { node: order.node }));
  const { result } = outcome;
  if (result['outcome'] !== 'failed') return null;
  const drill = DrillReport.safeParse(result);
  if (drill.success && drill.data.failed !== null) {
    const { failed, snapshot } = drill.data;
    return tellFailure(
      new Failure('drill-failed', `${failed.check}: ${failed.reason}`, { name: snapshot.name }),
    );
  }
  const evidence = Evidence.safeParse(result);
  if (evidence.success) {
    const found = evidence.data.checks.filter(({ outcome: each }) => each === 'failed');
    const why = found.map(({ check, detail }) => `${check}: ${detail}`).join('; ');
    return tellFailure(new Failure('snapshot-damaged', why, { name: evidence.data.snapshot }));
  }
  const told = FailureTold.safeParse(result['failure']);
  return told.success ? told.data : tellFailure(new Failure('internal', 'its agent does not say why'));
}

/** Whether nothing is known of how it ended, so that another node may be asked at once. */
export function isLost(order: StoredOrder): boolean {
  const failure = failureIn(order);
  return failure !== null && lostCodes.has(failure.code);
}

/** What it answered with. */
export function resultIn({ outcome }: StoredOrder): Record<string, unknown> | null {
  return outcome?.outcome === 'done' ? outcome.result : null;
}
