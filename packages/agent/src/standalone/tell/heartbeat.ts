import { type Clock, formatDuration } from '@holdfast/base';
import { type SecretAddress, sendOut } from '@holdfast/engine';
import type { Policy } from '@holdfast/model';
import type { Observed } from '../observer.ts';
import type { PolicyState } from '../state.ts';
import { BackOff } from './back-off.ts';
import { promisedIn } from './promise.ts';

/** What a heartbeat works with. */
export interface HeartbeatParts {
  /** Asked after each save; undefined: nobody. `{policy}` in it becomes the policy's name. */
  readonly address: SecretAddress | undefined;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** Nothing is sent any more. */
  readonly signal: AbortSignal;
}

interface Beat {
  /** When the save ended that it speaks of. */
  readonly of: string;
  readonly well: boolean;
}

/**
 * Tells somebody outside that saves go well, who calls when that stops: even if this machine is dead. After a save that
 * left a verified snapshot in every required repository the address is asked for, after any other the same with `/fail`.
 */
export class Heartbeat {
  readonly #parts: HeartbeatParts;
  readonly #seen = new Map<string, string | null>();
  readonly #due = new Map<string, Beat>();
  /** By policy: an address that takes those of one may refuse those of another. */
  readonly #backOffs = new Map<string, BackOff>();
  #work: Promise<void> = Promise.resolve();

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** Sends what the saves that ended since the last look have to say, and what was put off. */
  async look({ state, policies }: Pick<Observed, 'state' | 'policies'>): Promise<void> {
    if (this.#parts.address === undefined) return;
    for (const policy of policies) {
      const known = state.policies[policy.name];
      if (known !== undefined) this.#note(policy, known);
    }
    this.#work = this.#work.then(() => this.#beat());
    return this.#work;
  }

  /** What had ended before the first look was told then, or is too old to be told now. */
  #note(policy: Policy, known: PolicyState): void {
    const { last } = known.jobs.save;
    const ended = last?.endedAt ?? null;
    const seen = this.#seen.get(policy.name);
    this.#seen.set(policy.name, ended);
    if (last === null || seen === undefined || seen === ended) return;
    const well = last.outcome !== 'failed' && isVerified(policy, known);
    this.#due.set(policy.name, { of: last.endedAt, well });
  }

  async #beat(): Promise<void> {
    const { address, clock, signal, log } = this.#parts;
    for (const [policy, beat] of this.#due) {
      const backOff = this.#backOffs.get(policy) ?? new BackOff(clock);
      this.#backOffs.set(policy, backOff);
      if (!backOff.mayTry) continue;
      if (address === undefined || signal.aborted) return;
      const refused = await sendOut(addressOf(address, policy, beat.well), { signal });
      if (signal.aborted) return;
      if (refused !== undefined) {
        const wait = formatDuration(backOff.failed());
        log(`the heartbeat of ${policy} is not taken: ${refused}; tried again in ${wait}`);
        continue;
      }
      if (backOff.worked()) log(`the heartbeat of ${policy} is taken again`);
      // A newer one may have come in between.
      if (this.#due.get(policy)?.of === beat.of) this.#due.delete(policy);
    }
  }
}

function isVerified(policy: Policy, known: PolicyState): boolean {
  return promisedIn(policy, known).every((repository) => {
    const { saved = null, verified = null } = known.newest[repository] ?? {};
    return saved !== null && verified !== null && Date.parse(verified) >= Date.parse(saved);
  });
}

/** By the convention of dead man's switches, `/fail` behind the path says that something ran and failed. */
function addressOf({ url, ca }: SecretAddress, policy: string, well: boolean): SecretAddress {
  const its = new URL(url);
  its.pathname = its.pathname.replaceAll(/\{policy\}|%7Bpolicy%7D/gi, policy);
  if (!well) its.pathname = `${its.pathname.replace(/\/$/, '')}/fail`;
  return { url: its, ca };
}
