import { Failure, isFailure, limits, type Clock } from '@holdfast/base';
import { readRecord } from '../record.ts';
import { pathOf } from '../storage/path-of.ts';
import type { Storage } from '../storage/storage.ts';
import {
  encodeEntry,
  entryKey,
  leaseEntrySchema,
  positionOf,
  type Change,
  type Committed,
  type LeaseEntry,
} from './entry.ts';

/** How much of a chain is kept and how it is folded; `limits` has what is usual. */
export interface ChainBounds {
  /** Entries at the end that are never removed; at least 2. */
  readonly keepEntries: number;
  /** Milliseconds of the storage's clock in which an entry is not removed either. */
  readonly keepMs: number;
  /** Changes that an entry carries at most beside its base. */
  readonly changes: number;
}

/** Where a chain stands: its last entry (none: nobody ever held it) and what is committed by then, in order. */
export interface Head {
  readonly entry: LeaseEntry | undefined;
  readonly committed: readonly Committed[];
}

/** An entry's position and when it was written, as the storage tells. */
interface ListedEntry {
  readonly position: number;
  readonly modifiedAt: Date;
}

/**
 * What became of an entry that was put: the `head` of the chain; `passed` by others that build on it; or `void`, at a
 * position that was pruned, which is no part of the chain.
 */
export type Standing =
  | { readonly is: 'head'; readonly listed: readonly ListedEntry[] }
  | { readonly is: 'passed' | 'void' };

const attempts = 30;
const pauseMs = 50;

/** The write-once objects that a lease is made of; index.ts has the protocol. */
export class Chain {
  readonly scope: string;
  readonly clock: Clock;
  readonly bounds: ChainBounds;
  readonly #storage: Storage;

  constructor(storage: Storage, scope: string, clock: Clock, bounds: ChainBounds) {
    this.#storage = storage;
    this.scope = scope;
    this.clock = clock;
    this.bounds = bounds;
  }

  /**
   * Where the chain stood at one moment between the beginning and the end of this.
   *
   * @throws lease-held when it grows faster than it can be read, manifest-damaged, repository-newer, what storages throw
   */
  async head(): Promise<Head> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const first = lastOf(await this.#list());
      const head = await this.#follow(first);
      if (head?.entry !== undefined) await this.#checkBefore(head.entry);
      // Where fewer than `keepEntries` have come since, nothing that was looked at can have been pruned meanwhile.
      const pruned = lastOf(await this.#list()) - this.bounds.keepEntries;
      if (head !== undefined && pruned < Math.max(first, 1)) return head;
      await this.clock.sleep(pauseMs * attempt);
    }
    throw new Failure('lease-held', 'the lease changes faster than it can be read', { scope: this.scope });
  }

  /** The entry before the last is never removed: one that stands alone was put there by somebody else. */
  async #checkBefore({ position, previous }: LeaseEntry): Promise<void> {
    const before = position === 1 ? undefined : await this.read(position - 1);
    if ((before?.id ?? null) === previous) return;
    throw brokenChain(this.scope, `entry ${position} does not follow entry ${position - 1}`);
  }

  /** Undefined when there is none (any more). */
  async read(position: number): Promise<LeaseEntry | undefined> {
    const key = entryKey(this.scope, position);
    const entry = (await readRecord(this.#storage, key, leaseEntrySchema))?.record;
    if (entry === undefined || entry.position === position) return entry;
    const path = pathOf(this.#storage, key);
    throw new Failure('manifest-damaged', `it is the entry of position ${entry.position}`, { path });
  }

  /** What is committed by an entry; undefined when what it builds on has been pruned. */
  async committedBy(entry: LeaseEntry): Promise<Committed[] | undefined> {
    if (entry.base === null) return withChanges([], entry.changes);
    const base = await this.read(entry.base.position);
    if (base?.id !== entry.base.id) return undefined;
    return withChanges(withChanges([], base.changes), entry.changes);
  }

  /**
   * Puts an entry at its position; false when another one is there. An answer that was lost is made up for by looking.
   *
   * @throws what storages throw; then the entry may be there, come still, or never
   */
  async put(entry: LeaseEntry): Promise<boolean> {
    const bytes = encodeEntry(entry);
    if (bytes.length > limits.recordBytes) {
      throw new RangeError(`the ${entry.changes.length} objects of ${this.scope} do not fit in one record`);
    }
    try {
      if (await this.#storage.put(entryKey(this.scope, entry.position), bytes)) return true;
    } catch (error) {
      const found = await this.read(entry.position).catch(() => undefined);
      if (found === undefined) throw error;
      return found.id === entry.id;
    }
    return (await this.read(entry.position))?.id === entry.id;
  }

  /** Whether an entry that was put is a part of the chain. */
  async standingOf(entry: LeaseEntry): Promise<Standing> {
    const listed = await this.#list();
    if (lastOf(listed) <= entry.position) return { is: 'head', listed };
    const next = await this.read(entry.position + 1);
    return { is: next?.previous === entry.id ? 'passed' : 'void' };
  }

  /**
   * Removes entries that nobody needs when `head` is the last one, the oldest first. What cannot be removed now is
   * left for the next time.
   */
  async prune(head: LeaseEntry, listed: readonly ListedEntry[]): Promise<void> {
    const newest = listed.reduce((most, { modifiedAt }) => Math.max(most, modifiedAt.getTime()), 0);
    try {
      for (const { position, modifiedAt } of listed) {
        if (position > head.position - this.bounds.keepEntries || position === head.base?.position) continue;
        if (newest - modifiedAt.getTime() < this.bounds.keepMs) continue;
        await this.#storage.delete(entryKey(this.scope, position));
      }
    } catch (error) {
      if (!isFailure(error)) throw error;
    }
  }

  /** In order of their positions. */
  async #list(): Promise<ListedEntry[]> {
    const listed: ListedEntry[] = [];
    for await (const { key, modifiedAt } of this.#storage.list(`${this.scope}/lease`)) {
      const position = positionOf(key);
      if (position !== undefined) listed.push({ position, modifiedAt });
    }
    return listed.sort((a, b) => a.position - b.position);
  }

  /** Goes on from a position to the last entry; undefined where the chain has been pruned under way. */
  async #follow(first: number): Promise<Head | undefined> {
    let entry = first === 0 ? undefined : await this.read(first);
    if (entry === undefined && first > 0) return undefined;
    for (;;) {
      const next: LeaseEntry | undefined = await this.read((entry?.position ?? 0) + 1);
      if (next === undefined) break;
      entry = next;
    }
    const committed = entry === undefined ? [] : await this.committedBy(entry);
    if (committed === undefined && entry?.base !== null && lastOf(await this.#list()) === entry?.position) {
      // Of the last entry the base is never removed either.
      throw brokenChain(this.scope, `entry ${entry?.base.position}, on which the last one builds, is gone`);
    }
    return committed && { entry, committed };
  }
}

/** A chain that no writer of Holdfast leaves so. */
function brokenChain(scope: string, why: string): Failure {
  return new Failure('commits-missing', why, { path: `${scope}/lease` });
}

function lastOf(listed: readonly ListedEntry[]): number {
  return listed.at(-1)?.position ?? 0;
}

/** What is committed after some changes. */
export function withChanges(committed: readonly Committed[], changes: readonly Change[]): Committed[] {
  const after = new Map(committed.map((each) => [each.key, each]));
  for (const change of changes) {
    if ('commit' in change) after.set(change.commit.key, change.commit);
    else after.delete(change.withdraw);
  }
  return [...after.values()];
}
