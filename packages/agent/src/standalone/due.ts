import { limits } from '@holdfast/base';
import { careRetryMs, dueRun, jitterMs, saveRetryMs, type Policy } from '@holdfast/model';
import type { DaemonState, Job, JobState } from './state.ts';

/** A job that is to be run now. */
export interface DueJob {
  readonly policy: Policy;
  readonly job: Job;
  /** Its time by the schedule, or what it follows. */
  readonly scheduledFor: string;
  /** Whether it repeats one that was begun for the same time. */
  readonly again: boolean;
  /** What is to be said of it, the rest of a sentence; empty in most cases. */
  readonly why: string;
}

/** A job that has nothing to do now. */
export interface IdleJob {
  /** When to ask again; null: when something else changes. */
  readonly until: string | null;
  /** What was missed and is not made up for, a sentence; null in most cases. */
  readonly skipped: string | null;
}

/** What the decision is made of. */
export interface DueView {
  readonly state: DaemonState;
  readonly now: Date;
  /** Of this machine, for the jitter. */
  readonly node: string;
  /** Milliseconds since this process began to work. */
  readonly upMs: number;
  /** How often the job's last run was tried since this process began it; 1 where that is not known. */
  attempts(policy: string, job: Job): number;
  /** Whether this process has it under way. */
  isRunning(policy: string, job: Job): boolean;
}

/** Failures that are the answer to the question: asked again, it would be the same. */
const verdicts: ReadonlySet<string> = new Set(['repository-damaged', 'drill-failed']);

/** Whether a job of a policy is to be run now. */
export function dueJob(policy: Policy, job: Job, view: DueView): DueJob | IdleJob {
  const known = view.state.policies[policy.name];
  if (known === undefined || view.isRunning(policy.name, job)) return idle;
  if (job === 'prune') return duePrune(policy, known.jobs, view);
  const own = known.jobs[job];
  const proven = Object.values(known.newest);
  if (job === 'check' && proven.every(({ stored }) => stored === null)) return idle;
  if (job === 'drill' && proven.every(({ verified }) => verified === null)) return idle;
  // Nothing is saved while it is paused; what is stored is looked after all the same.
  const pause = job === 'save' ? policy.pause : null;
  if (own.unfinished && own.lastScheduled !== null && !(job === 'save' && isPaused(policy, view.now)))
    return (
      notBefore(job, view) ?? { policy, job, scheduledFor: own.lastScheduled, again: true, why: hasNotEnded }
    );
  const answer = dueRun({
    schedule: job === 'save' ? policy.schedule : policy[job],
    jitterMs: jitterMs(policy.name, view.node, policy.jitterSeconds),
    catchUp: policy.catchUp,
    lastScheduled: own.lastScheduled,
    lastBegunAt: own.lastBegunAt,
    knownSince: known.knownSince,
    pause,
    running: false,
    now: view.now,
  });
  if (answer.due) {
    const missed = answer.missed === null ? [] : [`it makes up for ${answer.missed.count} that were missed`];
    const back = answer.clockSetBack ? ['the clock was set back'] : [];
    const why = [...missed, ...back].join('; ');
    return { policy, job, scheduledFor: answer.scheduledAt, again: false, why };
  }
  const { skipped, until } = answer;
  const sentence = skipped && `${skipped.count} missed runs up to ${skipped.newest} are not made up for`;
  const retry = answer.why === 'not-due' ? retryMs(policy, job, own, view) : null;
  if (retry !== null && own.lastScheduled !== null && retry <= view.now.getTime())
    return { policy, job, scheduledFor: own.lastScheduled, again: true, why: failedBefore };
  return { until: earlier(until, timeOf(retry)), skipped: sentence };
}

/**
 * What looks after snapshots and has not ended may be what ended the process, as one that takes all memory: begun again at
 * once, it would never let a save come to its end.
 */
function notBefore(job: Job, { now, upMs }: DueView): IdleJob | undefined {
  const restMs = careRetryMs(1) - upMs;
  return job === 'save' || restMs <= 0 ? undefined : { until: timeOf(now.getTime() + restMs), skipped: null };
}

/** Whether nothing is to be saved for it now. */
function isPaused({ pause }: Policy, now: Date): boolean {
  return pause !== null && (pause.until === null || now.getTime() < Date.parse(pause.until));
}

const hasNotEnded = 'it was begun and has not ended';
const failedBefore = 'it is tried again';
const idle: IdleJob = { until: null, skipped: null };

/**
 * What follows a save, once for each that has gone well; not while a policy is paused. While saves fail, age alone would
 * empty a repository, so nothing goes then; but what was marked before may be the room that they need.
 */
function duePrune(
  policy: Policy,
  { save, prune }: Record<'save' | 'prune', JobState>,
  view: DueView,
): DueJob | IdleJob {
  const after = save.lastOkAt;
  if (after === null || isPaused(policy, view.now) || view.isRunning(policy.name, 'save')) return idle;
  const due = { policy, job: 'prune', scheduledFor: after } as const;
  if (prune.lastScheduled !== after) return { ...due, again: false, why: '' };
  if (prune.unfinished) return notBefore('prune', view) ?? { ...due, again: true, why: hasNotEnded };
  if (isShortOfRoom(save, view.now) && (prune.last?.endedAt ?? '') < save.last!.endedAt)
    return { ...due, again: true, why: 'a save lacks room' };
  const retry = retryMs(policy, 'prune', prune, view);
  return retry !== null && retry <= view.now.getTime()
    ? { ...due, again: true, why: failedBefore }
    : { until: timeOf(retry), skipped: null };
}

/** Failures that pruning may help out of. */
const roomFailures: ReadonlySet<string> = new Set(['not-enough-space', 'disk-full']);
/** Milliseconds after the last good save until marks of then are surely old enough to be followed. */
const marksMs = 2 * limits.unwantedGraceMs;

function isShortOfRoom({ last, lastOkAt }: JobState, now: Date): boolean {
  if (last?.outcome !== 'failed' || lastOkAt === null) return false;
  return roomFailures.has(last.failure?.code ?? '') && now.getTime() - Date.parse(lastOkAt) < marksMs;
}

/** When what has failed is tried again, in milliseconds since 1970; null: it is not. */
function retryMs(policy: Policy, job: Job, { last }: JobState, view: DueView): number | null {
  if (last === null || last.outcome !== 'failed' || verdicts.has(last.failure?.code ?? '')) return null;
  const [ended, now] = [Date.parse(last.endedAt), view.now.getTime()];
  // A clock that was set back shall not make it wait for longer.
  if (ended > now) return now;
  return ended + (job === 'save' ? saveRetryMs : careRetryMs)(view.attempts(policy.name, job));
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** The first of two times. */
export function earlier(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
