import { formatDuration, isFailure, type Clock } from '@holdfast/base';
import { dueJob, earlier, type DueJob, type DueView } from './due.ts';
import { Keeper } from './keeper.ts';
import { Lane } from './lane.ts';
import type { DaemonLog } from './log.ts';
import { newState } from './memory.ts';
import type { DaemonObserver } from './observer.ts';
import { PolicyWatch, type Looked, type PolicySource } from './policy-watch.ts';
import { DaemonHold } from './run-lock.ts';
import { entered, takeReports } from './run-report.ts';
import { Runner, type EndedJob } from './runner.ts';
import { isNews, look, ofThese, see } from './sight.ts';
import { StateFile } from './state-file.ts';
import { jobs as allJobs, type Job } from './state.ts';
import type { Work } from './work.ts';

export interface DaemonParts {
  readonly clock: Clock;
  /** The name of this machine: it decides by how much runs are put off. */
  readonly node: string;
  /** As `--state-dir` names it. */
  readonly stateDir: string;
  readonly policies: PolicySource;
  readonly work: Work;
  readonly observer: DaemonObserver;
  readonly log: DaemonLog;
  /** What keeps a second daemon from the folder, where whoever starts this one has it already and lets it go. */
  readonly hold?: DaemonHold;
  /** When the newest run of a job was due that somebody else is known to have begun; null: none is known. */
  readonly begunBefore?: (policy: string, job: Job) => string | null;
  /** Told of each run that came to its end. */
  readonly onEnded?: (ended: EndedJob) => Promise<void>;
  /** Milliseconds after which time, policies and queue are looked at again at the latest; 10 seconds when absent. */
  readonly lookMs?: number;
}

const defaultLookMs = 10_000;
/** By how much wall clock and monotonic clock may differ between two looks before somebody is told. */
const clockJumpMs = 60_000;
/** Milliseconds in which what is under way has to end when the daemon does; it goes on alone then, until the process ends. */
const endMs = 8_000;

/**
 * The node daemon without a server: runs the jobs of its policies when they are due, and remembers what became of them.
 *
 * Saves run one after the other. Beside them run prunes and copies, and beside both checks and drills, again one after the
 * other: a check that reads for days keeps no save and no copy waiting. Nothing that a job throws ends it.
 */
export class Daemon {
  readonly #parts: DaemonParts;
  readonly #watch: PolicyWatch;
  readonly #hold: DaemonHold;
  readonly #saves = new Lane();
  readonly #upkeep = new Lane();
  readonly #checks = new Lane();
  /** The policies of which it was looked what their repositories hold. */
  #seen: ReadonlySet<string> = new Set();
  readonly #skipped = new Map<string, string>();
  /** Repositories that a save has just reached: what waits for them is due. */
  readonly #reached = new Set<string>();
  #wake = Promise.withResolvers<void>();
  #reloadAsked = false;
  /** On the monotonic clock. */
  #beganAt = 0;
  /** On the monotonic clock; undefined: not yet. */
  #lookedAt: number | undefined;
  #copyAt: string | null = null;
  /** On the monotonic clock. */
  #copiesRestUntil = 0;

  constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#watch = new PolicyWatch(parts.policies, parts.stateDir);
    this.#hold = parts.hold ?? new DaemonHold(parts.stateDir);
  }

  /** Reads the policies again, whether they seem to have changed or not. */
  reload(): void {
    this.#reloadAsked = true;
    this.#wake.resolve();
  }

  /**
   * Works until the signal is aborted; then ends what is under way and returns.
   *
   * @throws Failure agent-running; why the policies cannot be used, when none were in use before; file-unreadable and
   *   file-unwritable for the state folder; what the observer cannot be started with
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, observer, log } = this.#parts;
    const unheld = await this.#hold.take(clock, signal);
    if (unheld !== undefined) {
      const text = `nobody is kept from running a second agent here: ${unheld}`;
      log({ at: clock.now(), level: 'error', event: 'not-alone', text });
    }
    try {
      const keeper = await this.#open();
      await observer.start(keeper);
      try {
        await this.#work(keeper, signal);
      } finally {
        await observer.stop();
      }
    } finally {
      if (this.#parts.hold === undefined) await this.#hold.release();
    }
  }

  async #open(): Promise<Keeper> {
    const { clock, node, stateDir, observer, log } = this.#parts;
    const file = new StateFile(stateDir);
    const now = clock.now();
    const found = await file.read(now);
    if (found.kind === 'set-aside') {
      const text = `the state was of no use and is begun anew from what the repositories hold: ${found.why}; it is kept as ${found.keptAs}`;
      log({ at: now, level: 'error', event: 'state-lost', text });
    }
    const looked = await this.#watch.start();
    const policies = (): PolicyWatch['policies'] => this.#watch.policies;
    const state = found.kind === 'state' ? found.state : newState(now);
    const keeper = new Keeper(state, { clock, file, observer, log, policies });
    log({ at: now, level: 'info', event: 'started', text: `the agent of ${node} works in ${stateDir}` });
    await this.#settled(keeper, looked);
    return keeper;
  }

  /** What came of a look at the policies, into the state. */
  async #settled(keeper: Keeper, looked: Looked): Promise<void> {
    const { clock, log } = this.#parts;
    if (looked.kind === 'same') return;
    const at = clock.now();
    if (looked.kind === 'refused') {
      const isSaid = keeper.state.configuration.refused === looked.why && this.#lookedAt !== undefined;
      if (isSaid) return;
      const text = `the policies are refused, and those from before stay in use: ${looked.why}`;
      log({ at, level: 'error', event: 'policies-refused', text });
      const { readAt } = keeper.state.configuration;
      return await keeper.change((state) => ({ ...state, configuration: { readAt, refused: looked.why } }));
    }
    const configuration = { readAt: at.toISOString(), refused: null };
    const { policies } = this.#watch;
    const same = policies.filter((policy) => this.#seen.has(policy.name) && !isNews(keeper.state, policy));
    this.#seen = new Set(same.map(({ name }) => name));
    await keeper.change((state) => ({ ...ofThese(state, policies, at), configuration }));
    const names = policies.map(({ name }) => name).join(', ') || 'none';
    log({ at, level: 'info', event: 'policies-read', text: `the policies in use are: ${names}` });
  }

  async #work(keeper: Keeper, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    const runner = new Runner({ ...this.#parts, keeper });
    signal.addEventListener('abort', () => this.#wake.resolve());
    let [wall, steady] = [clock.now().getTime(), clock.monotonic()];
    this.#beganAt = steady;
    for (;;) {
      if (signal.aborted) break;
      const jumped = clock.now().getTime() - wall - (clock.monotonic() - steady);
      if (Math.abs(jumped) > clockJumpMs) {
        const how = `${formatDuration(Math.abs(jumped))} ${jumped < 0 ? 'back' : 'forward'}`;
        log({
          at: clock.now(),
          level: 'warning',
          event: 'clock-set',
          text: `the clock went ${how}: it was set, or the machine slept`,
        });
      }
      [wall, steady] = [clock.now().getTime(), clock.monotonic()];
      // Rejects where another one has come while the disk was full.
      await this.#hold.take(clock, signal);
      try {
        await this.#lookAround(keeper);
      } catch (error) {
        this.#notDone('policies, reports and queue were not looked at', error);
      }
      const next = this.#fill(keeper, runner, signal);
      await this.#rest(next);
    }
    log({ at: clock.now(), level: 'info', event: 'stopping', text: 'the agent ends what is under way' });
    await this.#end();
    keeper.tell();
  }

  /** Policies, what others have run, and what waits, every few seconds; what cannot be read is looked at again then. */
  async #lookAround(keeper: Keeper): Promise<void> {
    const { clock, stateDir, lookMs = defaultLookMs } = this.#parts;
    const since = clock.monotonic() - (this.#lookedAt ?? -Infinity);
    if (!this.#reloadAsked && since < lookMs) return;
    const always = this.#reloadAsked;
    this.#reloadAsked = false;
    this.#lookedAt = clock.monotonic();
    await this.#settled(keeper, await this.#watch.look(always));
    await takeReports(stateDir, (report) => keeper.change((state) => entered(state, report, clock.now())));
    await this.#lookAtQueue(keeper);
    await keeper.look();
  }

  async #lookAtQueue(keeper: Keeper): Promise<void> {
    const { work } = this.#parts;
    const { length, oldestAt, nextAt } = await work.waiting().catch(() => ({
      ...keeper.state.queue,
      nextAt: null,
    }));
    this.#copyAt = nextAt;
    const before = keeper.state.queue;
    if (before.length === length && before.oldestAt === oldestAt) return;
    await keeper.change((state) => ({ ...state, queue: { length, oldestAt } }));
  }

  /** Begins what is due where nothing is under way. @returns when something is due next; null: nobody knows */
  #fill(keeper: Keeper, runner: Runner, signal: AbortSignal): string | null {
    let next: string | null = null;
    const view = this.#view(keeper, runner);
    const due: DueJob[] = [];
    for (const policy of this.#watch.policies) {
      if (!this.#seen.has(policy.name)) continue;
      for (const job of allJobs) {
        const found = dueJob(policy, job, view);
        if ('job' in found) due.push(found);
        else {
          next = earlier(next, found.until);
          this.#tellSkipped(policy.name, job, found.skipped);
        }
      }
    }
    if (this.#saves.isFree) this.#fillSaves(keeper, runner, { due, signal });
    if (this.#upkeep.isFree) this.#fillUpkeep(keeper, runner, { due, signal });
    if (this.#checks.isFree) this.#fillChecks(keeper, runner, { due, signal });
    // What is due already and is not begun waits for something else.
    const copyAt = this.#copyAt !== null && this.#copyAt > view.now.toISOString() ? this.#copyAt : null;
    return earlier(next, copyAt);
  }

  #view(keeper: Keeper, runner: Runner): DueView {
    const { clock, node } = this.#parts;
    return {
      state: keeper.state,
      now: clock.now(),
      node,
      upMs: clock.monotonic() - this.#beganAt,
      attempts: (policy, job) => runner.attempts(policy, job),
      isRunning: (policy, job) => [...keeper.running].some((run) => run.policy === policy && run.job === job),
    };
  }

  #fillSaves(keeper: Keeper, runner: Runner, { due, signal }: Filling): void {
    const unseen = this.#watch.policies.find(({ name }) => !this.#seen.has(name));
    if (unseen !== undefined) {
      return this.#begin(this.#saves, signal, async (own) => {
        await see({ ...this.#parts, keeper }, unseen, own);
        this.#seen = new Set([...this.#seen, unseen.name]);
      });
    }
    const save = fairest(
      due.filter(({ job }) => job === 'save'),
      keeper,
    );
    if (save === undefined) return;
    this.#begin(this.#saves, signal, async (own) => {
      const end = await runner.run(save, own);
      for (const name of end?.storedIn ?? []) this.#reached.add(name);
      await this.#lookAtQueue(keeper);
    });
  }

  /** Pruning before copies: what is to go is not in their way. */
  #fillUpkeep(keeper: Keeper, runner: Runner, { due, signal }: Filling): void {
    const prune = fairest(
      due.filter(({ job }) => job === 'prune'),
      keeper,
    );
    if (prune !== undefined) return this.#beginCare(this.#upkeep, keeper, runner, { due: prune, signal });
    if (this.#copiesAreDue(keeper)) this.#begin(this.#upkeep, signal, (own) => this.#copy(keeper, own));
  }

  #fillChecks(keeper: Keeper, runner: Runner, { due, signal }: Filling): void {
    const check = fairest(
      due.filter(({ job }) => job === 'check' || job === 'drill'),
      keeper,
    );
    if (check !== undefined) this.#beginCare(this.#checks, keeper, runner, { due: check, signal });
  }

  #beginCare(
    lane: Lane,
    keeper: Keeper,
    runner: Runner,
    { due, signal }: { readonly due: DueJob; readonly signal: AbortSignal },
  ): void {
    this.#begin(lane, signal, async (own) => {
      const end = await runner.run(due, own);
      // A check that found damage has made less of what is there; what cannot be reached is not asked again at once.
      if (end === undefined || due.job === 'drill') return;
      if (due.job === 'prune' && end.outcome === 'failed') return;
      const repositories = due.policy.targets.map(({ repository }) => repository);
      await look({ ...this.#parts, keeper }, due.policy, repositories, own);
    });
  }

  #copiesAreDue({ state }: Keeper): boolean {
    if (state.queue.length === 0) return false;
    const { clock } = this.#parts;
    if (clock.monotonic() < this.#copiesRestUntil) return false;
    return this.#reached.size > 0 || (this.#copyAt !== null && this.#copyAt <= clock.now().toISOString());
  }

  async #copy(keeper: Keeper, signal: AbortSignal): Promise<void> {
    const { clock, work, lookMs = defaultLookMs } = this.#parts;
    // What is due and was not made is in the hands of another process, or cannot be read.
    this.#copiesRestUntil = clock.monotonic() + lookMs;
    const reached = [...this.#reached];
    this.#reached.clear();
    const filled = new Set(await work.copy(reached, signal));
    if (filled.size > 0) this.#copiesRestUntil = 0;
    for (const policy of this.#watch.policies) {
      const names = policy.targets.map(({ repository }) => repository).filter((name) => filled.has(name));
      if (names.length > 0) await look({ ...this.#parts, keeper }, policy, names, signal);
    }
    await this.#lookAtQueue(keeper);
  }

  /**
   * Begins something in a lane. Nothing that goes wrong there ends the daemon; the lane rests for a while then.
   *
   * @param act is given a signal of its own: what listens to it is forgotten with it
   */
  #begin(lane: Lane, signal: AbortSignal, act: (signal: AbortSignal) => Promise<void>): void {
    const { clock, lookMs = defaultLookMs } = this.#parts;
    const own = new AbortController();
    const abort = (): void => own.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    const task = async (): Promise<void> => {
      try {
        await act(own.signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#notDone('what was begun was not done', error);
        await clock.sleep(lookMs, own.signal).catch(() => {});
      } finally {
        signal.removeEventListener('abort', abort);
      }
    };
    lane.begin(task, () => this.#wake.resolve());
  }

  #notDone(what: string, error: unknown): void {
    const { clock, log } = this.#parts;
    const why = isFailure(error) ? `${error.message}: ${error.why}` : String(error);
    log({ at: clock.now(), level: 'error', event: 'not-done', text: `${what}: ${why}` });
  }

  async #rest(next: string | null): Promise<void> {
    const { clock, lookMs = defaultLookMs } = this.#parts;
    const dueIn = next === null ? lookMs : Date.parse(next) - clock.now().getTime();
    const rest = new AbortController();
    const sleeping = clock.sleep(Math.min(Math.max(dueIn, 1), lookMs), rest.signal).catch(() => {});
    await Promise.race([sleeping, this.#wake.promise]);
    rest.abort();
    this.#wake = Promise.withResolvers<void>();
  }

  async #end(): Promise<void> {
    const { clock } = this.#parts;
    const lanes = [this.#saves, this.#upkeep, this.#checks];
    const late = new AbortController();
    const limit = clock.sleep(endMs, late.signal).catch(() => {});
    await Promise.race([Promise.all(lanes.map((lane) => lane.ended())), limit]);
    late.abort();
  }

  #tellSkipped(policy: string, job: Job, skipped: string | null): void {
    const key = `${policy}/${job}`;
    if (skipped === null || this.#skipped.get(key) === skipped) return;
    this.#skipped.set(key, skipped);
    const { clock, log } = this.#parts;
    const text = `${job} of ${policy}: ${skipped}`;
    log({ at: clock.now(), level: 'warning', event: 'run-skipped', text, fields: { policy, job } });
  }
}

interface Filling {
  readonly due: readonly DueJob[];
  readonly signal: AbortSignal;
}

/** Of several jobs the one that has waited longest for its turn. */
function fairest(due: readonly DueJob[], keeper: Keeper): DueJob | undefined {
  const lastRun = ({ policy, job }: DueJob): string =>
    keeper.state.policies[policy.name]?.jobs[job].last?.startedAt ?? '';
  return due.toSorted((a, b) => lastRun(a).localeCompare(lastRun(b)))[0];
}
