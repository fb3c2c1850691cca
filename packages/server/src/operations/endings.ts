import type { FailureTold, OperationState } from '@holdfast/model/fleet';
import type { OperationChange } from '../store/operations.ts';
import type { Act, Following } from './acts.ts';
import { notesOf } from './inputs.ts';
import type { View } from './view.ts';

/**
 * Nothing is to be done before a moment, unless something happens; `why` is told meanwhile, and `idle`: that no node is
 * at work any more. Only what is new is stored: each change is heard, and looked at.
 */
export function wait({ operation }: View, why: string, untilMs: number, how?: 'idle'): Act {
  const change = {
    ...(operation.why !== why && { why }),
    ...(how === 'idle' && operation.node !== null && { node: null }),
  };
  return { do: 'wait', untilMs, change };
}

/** The operation is over. */
export function end(
  view: View,
  state: Extract<OperationState, 'succeeded' | 'partial' | 'failed' | 'cancelled' | 'rolled-back'>,
  told: {
    readonly why?: string;
    readonly failure?: FailureTold | null;
    readonly result?: Record<string, unknown> | null;
    readonly follows?: Following | null;
    readonly change?: OperationChange;
  },
): Act {
  const { failure = null, result = null, follows = null } = told;
  const why = told.why ?? (failure === null ? '' : `${failure.what}: ${failure.why}`);
  const endedAt = view.now.toISOString();
  return { do: 'end', follows, change: { state, why, failure, result, endedAt, ...told.change } };
}

/** Somebody wanted it given up, and nothing of it goes on any more. */
export function cancelledEnd(view: View): Act {
  const { by, reason } = notesOf(view.operation).cancel ?? { by: 'server', reason: '' };
  return end(view, 'cancelled', { why: `given up by ${by}${reason === '' ? '' : `: ${reason}`}` });
}
