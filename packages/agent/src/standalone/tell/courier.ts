import { type Clock, formatDuration } from '@holdfast/base';
import { noticeLength, type SecretAddress, sendOut } from '@holdfast/engine';
import type { AlertMemory } from '../observer.ts';
import type { Alert } from './alert.ts';
import { BackOff } from './back-off.ts';
import { type Ledger, lookedAgain, tidingsOf, whenTold, withoutReceiver } from './ledger.ts';
import { daemonNotice, noticeId, type Teller } from './notice.ts';

/** What a courier works with. */
export interface CourierParts {
  /** Where alerts are told; undefined: nowhere. */
  readonly receiver: SecretAddress | undefined;
  readonly teller: Teller;
  readonly memory: AlertMemory;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** Nothing is sent any more. */
  readonly signal: AbortSignal;
}

/**
 * Tells a receiver of alerts, each once when it begins and once when it ends. What is to be told is on disk before it is
 * sent, and that it was told when the receiver has taken it: one that is down, or a kill in between, loses nothing. Killed
 * between the two it is told again, under the same id.
 */
export class Courier {
  readonly #parts: CourierParts;
  readonly #backOff: BackOff;
  #ledger: Ledger | undefined;
  #kept = '';
  #work: Promise<void> = Promise.resolve();

  constructor(parts: CourierParts) {
    this.#parts = parts;
    this.#backOff = new BackOff(parts.clock);
  }

  /** How many things are still to be told. */
  get waiting(): number {
    return this.#parts.receiver === undefined ? 0 : tidingsOf(this.#ledger ?? {}).length;
  }

  /** @param remembered the ledger as it was read; only the first one counts, from then on this courier's own */
  async look(remembered: Ledger, firing: readonly Alert[], now: Date): Promise<void> {
    if (this.#ledger === undefined) this.#kept = JSON.stringify(remembered);
    const looked = lookedAgain(this.#ledger ?? remembered, firing, now);
    this.#ledger = this.#parts.receiver === undefined ? withoutReceiver(looked) : looked;
    // One at a time. What a later look finds is told by its own turn, or by this one if that is still to come.
    this.#work = this.#work.then(() => this.#tell());
    return this.#work;
  }

  async #tell(): Promise<void> {
    const { receiver, teller, signal } = this.#parts;
    await this.#keep();
    if (receiver === undefined) return;
    for (;;) {
      const tidings = tidingsOf(this.#ledger ?? {}).slice(0, noticeLength);
      if (tidings.length === 0 || !this.#backOff.mayTry || signal.aborted) return;
      const refused = await sendOut(receiver, {
        body: JSON.stringify(daemonNotice(tidings, teller)),
        headers: { 'content-type': 'application/json', 'idempotency-key': noticeId(tidings, teller) },
        signal,
      });
      if (refused !== undefined) return this.#putOff(refused);
      if (this.#backOff.worked()) this.#parts.log('the webhook takes notices again');
      this.#ledger = whenTold(this.#ledger ?? {}, tidings);
      await this.#keep();
    }
  }

  #putOff(why: string): void {
    if (this.#parts.signal.aborted) return;
    const wait = this.#backOff.failed();
    this.#parts.log(`the webhook takes no notice: ${why}; tried again in ${formatDuration(wait)}`);
  }

  async #keep(): Promise<void> {
    const ledger = this.#ledger ?? {};
    const text = JSON.stringify(ledger);
    if (text === this.#kept) return;
    await this.#parts.memory.remember(ledger);
    this.#kept = text;
  }
}
