import { Failure, isFailure, type Clock } from '@holdfast/base';
import type { DueJob } from './due.ts';
import type { Keeper } from './keeper.ts';
import type { DaemonLog } from './log.ts';
import { withBegun, withEnd, withNewest } from './memory.ts';
import { holdRuns } from './run-lock.ts';
import type { Job, Newest } from './state.ts';
import type { JobEnd, Work } from './work.ts';

export interface RunnerParts {
  readonly clock: Clock;
  readonly stateDir: string;
  readonly work: Work;
  readonly keeper: Keeper;
  readonly log: DaemonLog;
  /** Told of each run that came to its end, before the state is; a failure of it is told and changes nothing. */
  readonly onEnded?: (ended: EndedJob) => Promise<void>;
}

/** A run that came to its end. */
interface EndedRun extends JobEnd {
  /** The name of what a save has made; absent otherwise. */
  readonly snapshot?: string;
  readonly newest: Readonly<Record<string, Partial<Newest>>>;
  /** The repositories that a save was stored in. */
  readonly storedIn: readonly string[];
}

/** A run that came to its end, with what it was. */
export interface EndedJob {
  readonly policy: string;
  readonly job: Job;
  readonly scheduledFor: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly end: EndedRun;
}

/** Carries out what is due, with a record of it on disk before and after. */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #attempts = new Map<string, number>();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** How often the last run of a job was tried by this process; 1 where it does not know. */
  attempts(policy: string, job: string): number {
    return this.#attempts.get(`${policy}/${job}`) ?? 1;
  }

  /**
   * Runs a job to its end, whatever becomes of it. Once the signal is aborted the run has no end: it is begun again by
   * the next daemon.
   *
   * @returns how it ended; undefined when the signal was aborted
   */
  async run(due: DueJob, signal: AbortSignal): Promise<EndedRun | undefined> {
    const { clock, keeper } = this.#parts;
    const startedAt = clock.now();
    const began = clock.monotonic();
    const run = { policy: due.policy.name, job: due.job, scheduledFor: due.scheduledFor, again: due.again };
    const running = { policy: run.policy, job: run.job, since: startedAt.toISOString() };
    keeper.running.add(running);
    try {
      await keeper.change((state) => withBegun(state, { ...run, startedAt }));
      this.#begun(due);
      const end = await this.#tried(due, startedAt, signal);
      if (signal.aborted) return undefined;
      const at = { endedAt: clock.now(), durationMs: clock.monotonic() - began };
      const key = `${run.policy}/${run.job}`;
      this.#attempts.set(key, due.again ? this.attempts(run.policy, run.job) + 1 : 1);
      keeper.running.delete(running);
      await this.#told({ ...run, startedAt, endedAt: at.endedAt, end });
      await keeper.change((state) =>
        withNewest(withEnd(state, { ...run, startedAt }, end, at), run.policy, end.newest),
      );
      this.#ended(due, end, at.durationMs);
      return end;
    } finally {
      keeper.running.delete(running);
    }
  }

  async #told({ policy, job, scheduledFor, startedAt, endedAt, end }: EndedJob): Promise<void> {
    const { clock, log, onEnded } = this.#parts;
    try {
      await onEnded?.({ policy, job, scheduledFor, startedAt, endedAt, end });
    } catch (error) {
      if (!isFailure(error)) throw error;
      const text = `nobody will be told of ${job} of ${policy}: ${error.message}: ${error.why}`;
      log({ at: clock.now(), level: 'error', event: 'run-untold', text });
    }
  }

  async #tried(due: DueJob, startedAt: Date, signal: AbortSignal): Promise<EndedRun> {
    try {
      return await this.#act(due, startedAt, signal);
    } catch (error) {
      // What is no Failure is a bug of ours, and no reason to save nothing any more.
      const failure = isFailure(error)
        ? error
        : new Failure('internal', error instanceof Error ? `${error.name}: ${error.message}` : String(error));
      return { outcome: 'failed', failure, note: '', warnings: [], newest: {}, storedIn: [] };
    }
  }

  async #act({ policy, job }: DueJob, startedAt: Date, signal: AbortSignal): Promise<EndedRun> {
    const { work, keeper } = this.#parts;
    const nothing = { newest: {}, storedIn: [] };
    const known = keeper.state.policies[policy.name]?.newest ?? {};
    if (job === 'prune') return { ...nothing, ...(await work.prune(policy, known, signal)) };
    if (job === 'check') return { ...nothing, ...(await work.check(policy, known, signal)) };
    if (job === 'drill') {
      const end = await work.drill(policy, known, signal);
      const newest = Object.entries(end.drilled).map(([name, drilled]) => [name, { drilled }] as const);
      return { ...end, storedIn: [], newest: Object.fromEntries(newest) };
    }
    const release = await this.#alone(signal);
    try {
      // A folder that held a repository and is empty now is a disk that is not mounted.
      const mayMake = (name: string): boolean => (known[name]?.stored ?? null) === null;
      return await work.save({ policy, trigger: 'schedule', startedAt, mayMake }, signal);
    } finally {
      await release();
    }
  }

  /** Where a full disk takes no lock, a snapshot elsewhere is worth more than what the lock keeps from happening. */
  async #alone(signal: AbortSignal): Promise<() => Promise<void>> {
    const { clock, stateDir, log } = this.#parts;
    const warn = (text: string): void => log({ at: clock.now(), level: 'warning', event: 'run-waits', text });
    try {
      const release = await holdRuns(stateDir, clock, {
        signal,
        onWait: (by) => warn(`another save is waited for: ${by}`),
      });
      return async () => {
        try {
          await release();
        } catch (error) {
          if (!isFailure(error)) throw error;
        }
      };
    } catch (error) {
      if (!isFailure(error) || signal.aborted) throw error;
      warn(`nobody is kept from saving meanwhile: ${error.message}: ${error.why}`);
      return async () => {};
    }
  }

  #begun({ policy, job, why, scheduledFor }: DueJob): void {
    const { clock, log } = this.#parts;
    const text = `${job} of ${policy.name} begins${why === '' ? '' : `: ${why}`}`;
    const fields = { policy: policy.name, job, scheduledFor };
    log({ at: clock.now(), level: 'info', event: 'run-begun', text, fields });
  }

  #ended({ policy, job }: DueJob, { outcome, failure, note, warnings }: EndedRun, ms: number): void {
    const { clock, log } = this.#parts;
    const fields = { policy: policy.name, job, outcome, durationMs: Math.round(ms) };
    const at = clock.now();
    for (const text of warnings) log({ at, level: 'warning', event: 'run-warning', text, fields });
    const word = { ok: 'is done', partial: 'is done in part', failed: 'failed' }[outcome];
    const said = failure === null ? note : `${failure.message}: ${failure.why}`;
    const text = `${job} of ${policy.name} ${word}${said === '' ? '' : `: ${said}`}`;
    const level = outcome === 'ok' ? 'info' : outcome === 'partial' ? 'warning' : 'error';
    const known = failure === null ? fields : { ...fields, code: failure.code, next: failure.next };
    log({ at, level, event: 'run-ended', text, fields: known });
  }
}
