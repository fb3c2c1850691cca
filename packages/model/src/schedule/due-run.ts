import type { Pause } from '../policy/policy.ts';
import type { Schedule } from '../policy/schedule.ts';
import { scheduleTimes } from './schedule-times.ts';
import type { Times } from './cron.ts';

/** What the decision whether a job of a policy is due rests on. Times are RFC 3339 in UTC. */
export interface DueQuestion {
  /** In which `scheduleFault` finds nothing wrong; null: the job runs only when somebody asks. */
  readonly schedule: Schedule | null;
  /** By how much every run is put off, see `jitterMs`. */
  readonly jitterMs: number;
  readonly catchUp: boolean;
  /** `scheduledAt` of the last run that was begun; null: none yet. Kept through restarts, written before the run begins. */
  readonly lastScheduled: string | null;
  /** The `now` at which that run was found due. Kept and written with the other. */
  readonly lastBegunAt: string | null;
  /** Since when the policy is known: of what was before nothing was promised. */
  readonly knownSince: string;
  readonly pause: Pause | null;
  /** Whether a run is under way. */
  readonly running: boolean;
  readonly now: Date;
}

/** Times of the schedule that went by without a run of their own. */
export interface Missed {
  /** At most 1000 are counted. */
  readonly count: number;
  /** The newest of them. */
  readonly newest: string;
}

/** What to do now. */
export type DueAnswer =
  | {
      readonly due: true;
      /** What to remember as `lastScheduled`: later than all before it. */
      readonly scheduledAt: string;
      /** How long ago it should have begun, jitter included. */
      readonly lateMs: number;
      /** What went by since the run before; it is made up for by this run, with `catchUp` false it is left out. */
      readonly missed: Missed | null;
      /** The clock was set back: the schedule's own time was used for a run already, so that this one bears another. */
      readonly clockSetBack: boolean;
    }
  | {
      readonly due: false;
      /** `never`: there is no schedule, or it has no time to come. `overlap`: the run under way has to end first. */
      readonly why: 'not-due' | 'paused' | 'overlap' | 'never';
      /** When to ask again; null: when something else changes. */
      readonly until: string | null;
      /** With `catchUp` false: what was missed and is not made up for. */
      readonly skipped: Missed | null;
    };

/** A clock that is set back by less is waited for: nothing is silent for longer than that beyond the schedule. */
const waitedForMs = 5 * 60_000;
/** Without catching up, a run may still begin so late, or half the time to the next one if that is less. */
const graceMs = 5 * 60_000;
const mostCounted = 1000;

/**
 * Whether a run of a job is to be begun, or until when not and why.
 *
 * - A run is for the newest time of the schedule that has come. Older ones since the run before are missed; one run
 *   makes up for all of them, also for those that went by while a pause or the run before went on. With `catchUp` false a
 *   time that has passed by more than five minutes, or half the way to the next one, is skipped, and that is said.
 * - The first time of a cron line is the first after `knownSince`; an interval begins at once.
 * - The times of an interval lie whole intervals after the last scheduled one, however late the runs were.
 * - A clock that is set forward makes times missed, like a machine that was off.
 * - A clock that is set back by up to five minutes is waited for: what has run does not run again. If it is set back
 *   further, so that the last run lies in the future, nobody knows how old the newest snapshot is: a run begins at once
 *   (with `catchUp` false at the schedule's next time), and then the schedule holds by the clock as it now is. Its times up
 *   to the last scheduled one have had their run, though. So that no scheduled time is ever used twice, runs for them are
 *   given the next free millisecond after the last one: scheduled times only ever rise. If the last run is longer ago than
 *   what the clock was set back by, nothing shows, and the next run comes at its time on the clock as it now is: later by
 *   as much, but never later than twice the schedule's longest gap (and the five minutes) after the last one.
 *
 * The answer holds until `until`, or until the clock is set or the policy changes. Who sleeps until then notices neither, so
 * ask again every minute or so: it costs nothing.
 */
export function dueRun(question: DueQuestion): DueAnswer {
  const { schedule, pause, now } = question;
  if (pause !== null && (pause.until === null || now.getTime() < Date.parse(pause.until))) {
    return rest('paused', pause.until);
  }
  if (schedule === null) return rest('never', null);
  const last = question.lastScheduled === null ? null : Date.parse(question.lastScheduled);
  const { settledMs, anchorMs, isSetBack } = settled(question, last);
  const times = scheduleTimes(schedule, anchorMs);
  const dueMs = now.getTime() - question.jitterMs;
  const newest = times.latest(dueMs);
  const wait = (from: number): string | null => timeAfter(times, from, question.jitterMs);
  if (newest === null || newest <= settledMs) return notDue(wait(Math.max(settledMs, dueMs)), null);

  const lateMs = dueMs - newest;
  const following = times.next(newest);
  const isLate = lateMs > Math.min(graceMs, ((following ?? Infinity) - newest) / 2);
  if (!question.catchUp && isLate) {
    return notDue(wait(newest), isSetBack ? null : missedOf(times, settledMs, newest, true));
  }
  if (question.running) return rest('overlap', null);
  const isUsed = last !== null && newest <= last;
  return {
    due: true,
    scheduledAt: new Date(isUsed ? last + 1 : newest).toISOString(),
    lateMs,
    missed: isSetBack ? null : missedOf(times, settledMs, newest, false),
    clockSetBack: isSetBack || isUsed,
  };
}

interface Settled {
  /** Up to then the schedule's times are done with: they had their run, or come from before the policy was known. */
  readonly settledMs: number;
  /** From when on intervals are counted. */
  readonly anchorMs: number;
  /** The clock was set back behind the last run: nothing is done with. */
  readonly isSetBack: boolean;
}

function settled(
  { schedule, jitterMs, lastBegunAt, knownSince, now }: DueQuestion,
  last: number | null,
): Settled {
  const known = Date.parse(knownSince);
  const begun = last === null ? known : lastBegunAt === null ? last : Date.parse(lastBegunAt);
  // A scheduled time after the begin is of a clock that was ahead.
  const anchorMs = last !== null && last <= begun ? last : begun;
  const isSetBack = begun > now.getTime() + waitedForMs;
  if (isSetBack) return { settledMs: -Infinity, anchorMs, isSetBack };
  // The first time of an interval is the one at which it was first known.
  if (last === null) return { settledMs: 'cron' in schedule! ? known : known - 1, anchorMs, isSetBack };
  // A run covers its own time, and all that had come when it began.
  const own = last <= begun ? last : -Infinity;
  return { settledMs: Math.max(own, begun - jitterMs), anchorMs, isSetBack };
}

function missedOf(times: Times, after: number, newest: number, withNewest: boolean): Missed | null {
  let count = 0;
  let latest = after;
  for (let at = times.next(after); at !== null && count < mostCounted; at = times.next(at)) {
    if (withNewest ? at > newest : at >= newest) break;
    count += 1;
    latest = at;
  }
  if (count === 0) return null;
  const last = withNewest ? newest : count < mostCounted ? latest : (times.latest(newest - 1) ?? latest);
  return { count, newest: new Date(last).toISOString() };
}

function timeAfter(times: Times, from: number, jitter: number): string | null {
  const next = times.next(from);
  return next === null ? null : new Date(next + jitter).toISOString();
}

function notDue(until: string | null, skipped: Missed | null): DueAnswer {
  return { due: false, why: until === null ? 'never' : 'not-due', until, skipped };
}

function rest(why: 'paused' | 'overlap' | 'never', until: string | null): DueAnswer {
  return { due: false, why, until, skipped: null };
}
