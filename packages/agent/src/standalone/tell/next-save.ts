import { dueRun, jitterMs, type Policy } from '@holdfast/model';
import type { PolicyState } from '../state.ts';

/** When the next save of a policy is due, by the rule that the daemon goes by; null: nobody knows, or never. */
export function nextSave(
  policy: Policy,
  { knownSince, jobs: { save } }: PolicyState,
  at: { readonly now: Date; readonly node: string; readonly running: boolean },
): string | null {
  const answer = dueRun({
    schedule: policy.schedule,
    jitterMs: jitterMs(policy.name, at.node, policy.jitterSeconds),
    catchUp: policy.catchUp,
    lastScheduled: save.lastScheduled,
    lastBegunAt: save.lastBegunAt,
    knownSince,
    pause: policy.pause,
    running: at.running,
    now: at.now,
  });
  return answer.due ? at.now.toISOString() : answer.until;
}
