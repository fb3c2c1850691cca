import { longestGap } from '../schedule/index.ts';
import type { Pause, Policy } from './policy.ts';
import type { Schedule } from './schedule.ts';
import { spanMs } from './span.ts';

/** Milliseconds that the newest verified snapshot of a policy may be old; null: nothing is promised, it has no schedule. */
export function promisedMs({ rpo, schedule }: Policy, now: Date): number | null {
  if (rpo !== undefined) return spanMs(rpo);
  return schedule === null ? null : 2 * longestGap(schedule, now);
}

/** Milliseconds after which a job that was last done well is overdue: twice the longest gap of its schedule. */
export function overdueMs(schedule: Schedule | null, now: Date): number | null {
  return schedule === null ? null : 2 * longestGap(schedule, now);
}

/** The pause that a policy is in; null: none, or one that has ended. */
export function pauseOf({ pause }: Policy, now: Date): Pause | null {
  return pause === null || (pause.until !== null && new Date(pause.until) <= now) ? null : pause;
}
