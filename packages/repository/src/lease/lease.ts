import { createHash } from 'node:crypto';
import { Failure, limits } from '@holdfast/base';
import type { Storage } from '../storage/storage.ts';
import { withChanges, type Chain, type Head } from './chain.ts';
import { padded, type Change, type LeaseEntry, type LeaseHolder } from './entry.ts';

/** What makes entries of one holder; every one gets its own id. */
export interface EntrySource {
  readonly holder: LeaseHolder;
  readonly ttlMs: number;
  readonly uuid: () => string;
}

/** The entry that a holder would put behind `head`. Changes are folded into a new base when there are many. */
export function entryAfter(
  chain: Chain,
  head: Head,
  source: EntrySource,
  act: LeaseEntry['act'],
  epoch: number,
  change?: Change,
): LeaseEntry {
  const { entry: last, committed } = head;
  const added = change === undefined ? [] : [change];
  const changes = [...(last === undefined || last.base === null ? [] : last.changes), ...added];
  const fold = last === undefined || changes.length > chain.bounds.changes;
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'LeaseEntry',
    position: (last?.position ?? 0) + 1,
    id: source.uuid(),
    previous: last?.id ?? null,
    act,
    epoch,
    holder: source.holder,
    at: chain.clock.now().toISOString(),
    ttlMs: source.ttlMs,
    base: fold ? null : (last.base ?? { position: last.position, id: last.id }),
    changes: fold ? withChanges(committed, added).map((commit) => ({ commit })) : changes,
  };
}

/** Holders of this process that write no more, though the chain does not say so. */
const givenUp = new Set<string>();

/** Whether it was a holder of this process, which is done with the lease and could not release it. */
export function hasGivenUp(holder: LeaseHolder): boolean {
  return givenUp.has(holder.id);
}

/**
 * The right to commit below a scope, until another takes it. Whatever it does throws `lease-lost` when that has
 * happened, and what storages throw; in the second case what was asked for may have happened or happen still, and the
 * same may be asked again.
 */
export class Lease {
  /** Grows with every holder. As `epochName` it must be in the name of each object that is committed. */
  readonly epoch: number;
  readonly #storage: Storage;
  readonly #chain: Chain;
  readonly #source: EntrySource;
  #head: { readonly entry: LeaseEntry } & Head;
  #ended: string | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(storage: Storage, chain: Chain, source: EntrySource, taken: { entry: LeaseEntry } & Head) {
    this.#storage = storage;
    this.#chain = chain;
    this.#source = source;
    this.#head = taken;
    this.epoch = taken.entry.position;
  }

  get epochName(): string {
    return padded(this.epoch);
  }

  /** Shows that the holder lives; to be done several times in each `ttlMs`, unless there was a commit. */
  renew(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#append('renew');
    });
  }

  /**
   * Writes a small object and commits it: when this returns true it is listed until it is withdrawn. What it speaks of
   * (the large objects of a snapshot) must be durable before. With equal bytes it may be asked again.
   *
   * @param key below the scope, with `epochName` in its last part
   * @returns false when the key is taken by other bytes; nothing is committed then
   * @throws lease-lost: it is not listed (nor was, unless another has withdrawn it since) and never will be
   */
  commit(key: string, content: Uint8Array): Promise<boolean> {
    const { scope } = this.#chain;
    if (!key.startsWith(`${scope}/`) || !key.slice(key.lastIndexOf('/')).includes(this.epochName)) {
      throw new RangeError(`${key} is not below ${scope} or does not bear epoch ${this.epochName}`);
    }
    if (content.length > limits.recordBytes) throw new RangeError(`${key} is too large for a record`);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return this.#inTurn(async () => {
      if (!(await this.#write(key, content))) return false;
      const commit = { key, epoch: this.epoch, size: content.length, sha256 };
      return this.#append('commit', { commit });
    });
  }

  /**
   * Takes an object off the list; removing it is the caller's, at any time after.
   *
   * @returns false when it was not on the list
   */
  withdraw(key: string): Promise<boolean> {
    return this.#inTurn(() => this.#append('withdraw', { withdraw: key }));
  }

  /**
   * Lets the next one in at once. Never rejects: a lease that cannot be released ends by its `ttlMs`, and for this process
   * at once.
   */
  async release(): Promise<void> {
    await this.#inTurn(() => this.#append('release')).catch(() => givenUp.add(this.#source.holder.id));
    this.#ended ??= 'it was released';
  }

  /** One after another: each builds on the entry before. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => {
      if (this.#ended !== undefined) throw this.#lost(this.#ended);
      return act();
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** False when other bytes are under the key. */
  async #write(key: string, content: Uint8Array): Promise<boolean> {
    const holds = async (): Promise<boolean | undefined> => {
      const found = await this.#storage.get(key, limits.recordBytes);
      return found && Buffer.from(content).equals(found);
    };
    try {
      if (await this.#storage.put(key, content)) return true;
    } catch (error) {
      const held = await holds().catch(() => undefined);
      if (held === undefined) throw error;
      return held;
    }
    return (await holds()) ?? false;
  }

  /** Returns whether it changed anything or, for a commit, whether it is so now. */
  async #append(act: LeaseEntry['act'], change?: Change): Promise<boolean> {
    for (;;) {
      const before = this.#head;
      if (change !== undefined && isDone(before, change)) {
        // An attempt whose answer was lost may have done it; or one that was too late, which has to be found out. That
        // there is nothing to withdraw may have changed since this holder's last entry.
        await this.#confirm(change, act === 'commit');
        return act === 'commit';
      }
      const entry = entryAfter(this.#chain, before, this.#source, act, this.epoch, change);
      if (await this.#chain.put(entry)) {
        const added = change === undefined ? [] : [change];
        this.#head = { entry, committed: withChanges(before.committed, added) };
        await this.#confirm(change, change !== undefined);
        return true;
      }
      const there = await this.#chain.read(entry.position);
      if (await this.#adopt(there)) continue;
      // The own entry may have been a part of the chain, unheard of and pruned since, and this one have come late to its place.
      const made = change !== undefined && isDone(await this.#chain.head(), change);
      const lost = this.#end(there);
      if (!made) throw lost;
      return true;
    }
  }

  /** Takes over what an earlier attempt of this very holder has put in the meantime; false where it is another's. */
  async #adopt(entry: LeaseEntry | undefined): Promise<boolean> {
    if (entry?.holder.id !== this.#source.holder.id) return false;
    const committed = await this.#chain.committedBy(entry);
    if (committed !== undefined) this.#head = { entry, committed };
    return committed !== undefined;
  }

  /**
   * Makes sure that the own last entry is a part of the chain or, when the lease is lost, that the change is made all
   * the same.
   *
   * @param within whether the change is made as soon as the own last entry is a part of the chain
   */
  async #confirm(change: Change | undefined, within: boolean): Promise<void> {
    const { entry } = this.#head;
    const standing = await this.#chain.standingOf(entry);
    if (standing.is === 'head') return this.#chain.prune(entry, standing.listed);
    const made =
      (standing.is === 'passed' && within) ||
      (change !== undefined && isDone(await this.#chain.head(), change));
    const lost = this.#end(undefined);
    if (!made) throw lost;
  }

  #end(by: LeaseEntry | undefined): Failure {
    const { id, host, pid } = by?.holder ?? {};
    const isKnown = id !== undefined && id !== this.#source.holder.id;
    this.#ended ??= isKnown ? `process ${pid} on ${host} has taken it` : 'others hold it since';
    return this.#lost(this.#ended);
  }

  #lost(why: string): Failure {
    return new Failure('lease-lost', why, { scope: this.#chain.scope });
  }
}

/** Whether a change would change nothing. */
function isDone({ committed }: Head, change: Change): boolean {
  const key = 'commit' in change ? change.commit.key : change.withdraw;
  const found = committed.find((each) => each.key === key);
  if ('withdraw' in change) return found === undefined;
  return found?.sha256 === change.commit.sha256;
}
