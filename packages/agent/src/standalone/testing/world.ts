import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Failure } from '@holdfast/base';
import { Policy } from '@holdfast/model';
import { Daemon } from '../daemon.ts';
import type { DaemonEvent } from '../log.ts';
import type { Observed } from '../observer.ts';
import type { Job, Newest } from '../state.ts';
import type { Found, JobEnd, SaveEnd, Waiting, Work } from '../work.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told to go on. */
export class ScriptedClock implements Clock {
  #wall: number;
  #steady = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(at: string) {
    this.#wall = Date.parse(at);
  }

  now(): Date {
    return new Date(this.#wall);
  }

  monotonic(): number {
    return this.#steady;
  }

  get hasSleepers(): boolean {
    return this.#sleepers.size > 0;
  }

  /** Somebody sets the wall clock. */
  set(byMs: number): void {
    this.#wall += byMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const sleeper = { at: this.#steady + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        if (this.#sleepers.delete(sleeper)) reject(signal.reason as Error);
      });
    });
  }

  /** Goes on to when the next sleeper wakes, but not beyond `untilMs` of the steady clock. @returns whether one woke */
  step(untilMs: number): boolean {
    const next = [...this.#sleepers].toSorted((a, b) => a.at - b.at)[0];
    const to = next === undefined || next.at > untilMs ? untilMs : Math.max(next.at, this.#steady);
    this.#wall += to - this.#steady;
    this.#steady = to;
    if (next === undefined || next.at > untilMs) return false;
    this.#sleepers.delete(next);
    next.wake();
    return true;
  }
}

/** A save, or another job, as the script was asked for it. */
export interface Asked {
  readonly job: Job | 'copy';
  readonly policy: string;
  readonly at: string;
}

/** Work that a script does: what each job comes to is said beforehand, and is well when nothing is said. */
export class ScriptedWork implements Work {
  readonly asked: Asked[] = [];
  readonly clock: Clock;
  /** What the next runs of a job come to; a failure is thrown. */
  readonly comes: Partial<Record<Job, (Failure | JobEnd['outcome'] | 'hang')[]>> = {};
  waits: Waiting = { length: 0, oldestAt: null, nextAt: null };
  found: Found = { newest: {}, scheduledAt: null };
  /** How many saves are under way, and the most that ever were. */
  saving = 0;
  mostSaving = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  times(job: Asked['job'], policy?: string): string[] {
    return this.asked
      .filter((each) => each.job === job && (policy === undefined || each.policy === policy))
      .map(({ at }) => at);
  }

  async save({ policy }: Parameters<Work['save']>[0], signal: AbortSignal): Promise<SaveEnd> {
    this.saving += 1;
    this.mostSaving = Math.max(this.mostSaving, this.saving);
    try {
      const end = await this.#come('save', policy, signal);
      const now = this.clock.now().toISOString();
      const newest: Partial<Newest> = { saved: now, stored: now, verified: now };
      const names = policy.targets.map(({ repository }) => repository);
      return {
        ...end,
        snapshot: 'one',
        newest: Object.fromEntries(names.map((name) => [name, newest])),
        storedIn: names,
      };
    } finally {
      this.saving -= 1;
    }
  }

  prune(policy: Policy, _known: unknown, signal: AbortSignal): Promise<JobEnd> {
    return this.#come('prune', policy, signal);
  }

  check(policy: Policy, _known: unknown, signal: AbortSignal): Promise<JobEnd> {
    return this.#come('check', policy, signal);
  }

  async drill(policy: Policy, _known: unknown, signal: AbortSignal) {
    return { ...(await this.#come('drill', policy, signal)), drilled: {} };
  }

  async copy(): Promise<string[]> {
    this.asked.push({ job: 'copy', policy: '', at: this.clock.now().toISOString() });
    return [];
  }

  async waiting(): Promise<Waiting> {
    return this.waits;
  }

  async look(): Promise<Found> {
    return this.found;
  }

  async #come(job: Job, policy: Policy, signal: AbortSignal): Promise<JobEnd> {
    this.asked.push({ job, policy: policy.name, at: this.clock.now().toISOString() });
    const comes = this.comes[job]?.shift() ?? 'ok';
    if (comes === 'hang') {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    }
    if (typeof comes !== 'string') throw comes;
    return { outcome: comes === 'hang' ? 'ok' : comes, failure: null, note: '', warnings: [] };
  }
}

/** A policy of one target. */
export function policyOf(changes: Record<string, unknown> = {}): Policy {
  return Policy.parse({
    name: 'hourly',
    schedule: { cron: '0 * * * *' },
    targets: [{ repository: 'here' }],
    retention: { last: 5 },
    ...changes,
  });
}

/** A machine with a state folder, whose daemon can be ended in any way and begun again. */
export class World implements Disposable {
  readonly stateDir = mkdtempSync(join(tmpdir(), 'holdfast-agent-'));
  readonly clock: ScriptedClock;
  readonly work: ScriptedWork;
  readonly events: DaemonEvent[] = [];
  observed: Observed | undefined;
  policies: readonly Policy[];
  /** Why the policies cannot be read. */
  refusal: Failure | undefined;
  /** Changes with the policies. */
  stamp = 0;
  #daemon: Daemon | undefined;
  #stop = new AbortController();
  #running: Promise<void> | undefined;
  #hasEnded = true;

  constructor(at: string, ...policies: Policy[]) {
    this.clock = new ScriptedClock(at);
    this.work = new ScriptedWork(this.clock);
    this.policies = policies.length === 0 ? [policyOf()] : policies;
  }

  start(): Promise<void> {
    this.#stop = new AbortController();
    this.#daemon = new Daemon({
      clock: this.clock,
      node: 'node-1',
      stateDir: this.stateDir,
      work: this.work,
      log: (event) => this.events.push(event),
      policies: {
        stamp: async () => String(this.stamp),
        read: async () => {
          if (this.refusal !== undefined) throw this.refusal;
          return this.policies;
        },
      },
      observer: {
        start: async () => {},
        observe: async (observed) => {
          this.observed = observed;
        },
        stop: async () => {},
      },
    });
    this.#running = this.#daemon.run(this.#stop.signal);
    this.#hasEnded = false;
    const ended = (): void => void (this.#hasEnded = true);
    this.#running.then(ended, ended);
    return this.#running;
  }

  reload(): void {
    this.#daemon?.reload();
  }

  /** As SIGTERM does. */
  async end(): Promise<void> {
    this.#stop.abort(new Error('SIGTERM'));
    await this.go(10_000);
    await this.#running;
  }

  /** Lets so much time go by, and all that is to be done in it be done. */
  async go(ms: number): Promise<void> {
    const until = this.clock.monotonic() + ms;
    do await this.#settled();
    while (this.clock.step(until));
    await this.#settled();
  }

  /** Resolves when nothing is under way but what sleeps: the loop does, and no file was read or written for some turns. */
  async #settled(): Promise<void> {
    for (let quiet = 0; quiet < 10;) {
      await new Promise(setImmediate);
      const isBusy = process.getActiveResourcesInfo().some((each) => /^(?:FSReq|CloseReq)/.test(each));
      quiet = isBusy || !(this.clock.hasSleepers || this.#hasEnded) ? 0 : quiet + 1;
    }
  }

  /** What was logged as these events. */
  said(...names: string[]): string[] {
    return this.events.filter(({ event }) => names.includes(event)).map(({ text }) => text);
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new Error('over'));
    rmSync(this.stateDir, { recursive: true, force: true });
  }
}
