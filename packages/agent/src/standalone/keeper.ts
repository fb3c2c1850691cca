import type { Clock } from '@holdfast/base';
import type { Policy } from '@holdfast/model';
import type { DaemonLog } from './log.ts';
import type { AlertMemory, DaemonObserver, RunningJob } from './observer.ts';
import type { StateFile } from './state-file.ts';
import type { DaemonState } from './state.ts';

export interface KeeperParts {
  readonly clock: Clock;
  readonly file: StateFile;
  readonly observer: DaemonObserver;
  readonly log: DaemonLog;
  /** Those in use. */
  readonly policies: () => readonly Policy[];
}

/** The state in memory and on disk: every change is written, one after the other, and told. */
export class Keeper implements AlertMemory {
  readonly #parts: KeeperParts;
  readonly running = new Set<RunningJob>();
  #state: DaemonState;
  #writing: Promise<void> = Promise.resolve();

  constructor(state: DaemonState, parts: KeeperParts) {
    this.#state = state;
    this.#parts = parts;
  }

  get state(): DaemonState {
    return this.#state;
  }

  /** Resolves once it is on disk, or loudly without that; then it is told. */
  async change(change: (state: DaemonState) => DaemonState): Promise<void> {
    this.#state = change(this.#state);
    await this.#write();
    this.tell();
  }

  async remember(alerts: DaemonState['alerts']): Promise<void> {
    this.#state = { ...this.#state, alerts };
    await this.#write();
  }

  /** Tells how things are, whether anything has changed or not; what could not be written is tried again. */
  async look(): Promise<void> {
    if (this.#state.unwritable !== null) await this.#write();
    this.tell();
  }

  tell(): void {
    const { observer, clock, policies } = this.#parts;
    const now = clock.now();
    void observer.observe({ state: this.#state, policies: policies(), now, running: [...this.running] });
  }

  /** Every writer waits for those before it and then writes what is newest. */
  async #write(): Promise<void> {
    const before = this.#writing;
    const done = Promise.withResolvers<void>();
    this.#writing = done.promise;
    try {
      await before;
      await this.#writeNow();
    } finally {
      done.resolve();
    }
  }

  async #writeNow(): Promise<void> {
    const unwritable = (await this.#parts.file.write(this.#state)) ?? null;
    const before = this.#state.unwritable;
    this.#state = { ...this.#state, unwritable };
    const at = this.#parts.clock.now();
    if (unwritable !== null && before === null) {
      const text = `the state cannot be written, and would be lost with this process: ${unwritable}`;
      this.#parts.log({ at, level: 'error', event: 'state-unwritable', text });
    } else if (unwritable === null && before !== null) {
      this.#parts.log({ at, level: 'info', event: 'state-written', text: 'the state is on disk again' });
    }
  }
}
