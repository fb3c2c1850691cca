import { dueRun, jitterMs, type DueAnswer, type Policy } from '@holdfast/model';
import type { JobTimes, ScheduledJob } from '../store/policies.ts';

export const scheduledJobs: readonly ScheduledJob[] = ['save', 'check', 'drill'];

/** A policy of a cluster, since when it is known, and when its newest runs were due. */
export interface KnownPolicy {
  readonly cluster: string;
  readonly policy: Policy;
  readonly createdAt: string;
  readonly last: JobTimes['last'];
}

/**
 * When each job of a policy is to be looked at next: a job that is due by now at `now`, one that is paused when its pause
 * ends; absent are those without a schedule, or paused without an end. What a `put` of the policy is given as `next`.
 */
export function nextTimes(known: KnownPolicy, now: Date): JobTimes['next'] {
  const next: Partial<Record<ScheduledJob, string>> = {};
  for (const job of scheduledJobs) {
    const answer = dueAnswer(known, job, now);
    const at = answer.due ? now.toISOString() : answer.until;
    if (at !== null) next[job] = at;
  }
  return next;
}

/**
 * Whether a job of a policy is due. A run that is under way puts nothing off: its successor waits in the queue of the
 * cluster. Only saves are paused: what is stored is looked after all the same.
 */
export function dueAnswer(
  { cluster, policy, createdAt, last }: KnownPolicy,
  job: ScheduledJob,
  now: Date,
): DueAnswer {
  return dueRun({
    schedule: job === 'save' ? policy.schedule : policy[job],
    jitterMs: jitterMs(policy.name, cluster, policy.jitterSeconds),
    catchUp: policy.catchUp,
    lastScheduled: last[job] ?? null,
    lastBegunAt: null,
    knownSince: createdAt,
    pause: job === 'save' ? policy.pause : null,
    running: false,
    now,
  });
}
