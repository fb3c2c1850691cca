import { longestGap, type Policy, type Schedule } from '@holdfast/model';
import type { PolicyState } from '../state.ts';

/** Milliseconds after which a job that was last done well is overdue: twice the longest gap of its schedule. */
export function overdueMs(schedule: Schedule | null, now: Date): number | null {
  return schedule === null ? null : 2 * longestGap(schedule, now);
}

/** The repositories that each have to hold the newest snapshot: the required ones, but for those it only passes through. */
export function promisedIn({ targets }: Policy, { newest }: PolicyState): string[] {
  return targets
    .filter(({ required, repository }) => required && newest[repository]?.passing !== true)
    .map(({ repository }) => repository);
}
