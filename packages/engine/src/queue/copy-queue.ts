import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure, isFailure, limits, type Clock } from '@holdfast/base';
import { QueuedCopy } from '@holdfast/model';
import { isSystemError, makeFolder, reading, writing } from '@holdfast/repository';
import { unfinishedOf, writeDurably } from '../durable-file.ts';
import { holdFolder } from '../process-lock.ts';

/** What a queue needs of its surroundings. */
export interface QueueOptions {
  readonly clock: Clock;
  /** From 0 up to and without 1: spreads the attempts of many machines. */
  readonly random: () => number;
  readonly uuid?: () => string;
}

/** What is asked for when a copy is to be made. */
export type CopyOrder = Omit<
  QueuedCopy,
  'apiVersion' | 'kind' | 'id' | 'createdAt' | 'attempts' | 'nextAt' | 'failure'
>;

/** A record of the queue that cannot be read. */
export interface UnreadableCopy {
  readonly path: string;
  readonly failure: Failure;
}

/** All that waits, the oldest first. */
export interface QueueListing {
  readonly items: readonly QueuedCopy[];
  readonly unreadable: readonly UnreadableCopy[];
}

const suffix = '.json';
const lockSuffix = '.lock';
/** Of a folder that is removed just now. */
const goneSuffix = '.gone';
/** How often a new name is tried, when those who sweep take the folder of one for a leftover. */
const addAttempts = 100;

/**
 * Copies that are still to be made, in `<stateDir>/queue`: a file for each, which outlives the process, and beside it the
 * lock of the one who is at work on it. docs/format.md has the fields.
 */
export class CopyQueue {
  readonly #folder: string;
  readonly #options: QueueOptions;

  constructor(stateDir: string, options: QueueOptions) {
    this.#folder = join(stateDir, 'queue');
    this.#options = options;
  }

  /** What waits. @throws file-unreadable when the folder cannot be read */
  async list(): Promise<QueueListing> {
    const items: QueuedCopy[] = [];
    const unreadable: UnreadableCopy[] = [];
    for (const name of await this.#names()) {
      if (!name.endsWith(suffix)) continue;
      const path = join(this.#folder, name);
      try {
        const item = await readItem(path);
        if (item !== undefined) items.push(item);
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
        unreadable.push({ path, failure });
      }
    }
    items.sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id));
    return { items, unreadable };
  }

  /** Adds a copy that is due now, held by this process. @throws file-unwritable, disk-full */
  async add(order: CopyOrder): Promise<HeldCopy> {
    const { clock, uuid = randomUUID } = this.#options;
    for (let attempt = 0; attempt < addAttempts; attempt++) {
      const id = uuid();
      const at = clock.now().toISOString();
      const kind = { apiVersion: 'holdfast.dev/v1', kind: 'QueuedCopy' } as const;
      const state = { createdAt: at, attempts: 0, nextAt: at, failure: null };
      const item = QueuedCopy.parse({ ...kind, id, ...order, ...state });
      const place = await this.#held(id);
      if (place === undefined) continue;
      await writeItem(place.path, item);
      return new HeldCopy(item, place);
    }
    throw new Failure('file-unwritable', 'others remove what is made there', { path: this.#folder });
  }

  /**
   * Takes a copy to work on it; undefined when another process does, or when it is gone.
   *
   * @throws file-unreadable, file-unwritable, queue-damaged
   */
  async hold(id: string): Promise<HeldCopy | undefined> {
    if ((await readItem(this.#pathOf(id))) === undefined) return undefined;
    const place = await this.#held(id);
    if (place === undefined) return undefined;
    try {
      // Who held it until now may have changed it, or be done with it.
      const item = await readItem(place.path);
      if (item !== undefined) return new HeldCopy(item, place);
    } catch (error) {
      await place.release();
      throw error;
    }
    await removeHeld(place);
    return undefined;
  }

  /**
   * Gives a copy up, also one whose record cannot be read. The snapshot stays wherever it is.
   *
   * @param id as the record's file is named
   * @throws queue-missing; queue-busy when another process works on it; file-unwritable
   */
  async drop(id: string): Promise<void> {
    if (!(await this.#names()).includes(`${id}${suffix}`)) throw missing(id);
    const place = await this.#held(id);
    if (place === undefined) throw new Failure('queue-busy', 'it holds its lock', { id });
    await removeHeld(place);
  }

  /** Removes what processes have left that were killed, and whose copies are gone. @throws file-unwritable, disk-full */
  async sweep(): Promise<void> {
    const names = await this.#names();
    for (const name of names) {
      if (name.endsWith(goneSuffix)) await removeFolder(join(this.#folder, name));
      const id = name.slice(0, -lockSuffix.length);
      if (!name.endsWith(lockSuffix) || names.includes(`${id}${suffix}`)) continue;
      const place = await this.#held(id);
      if (place === undefined) continue;
      // Whoever noted it since the names were read has held it until then.
      if ((await this.#names()).includes(`${id}${suffix}`)) await place.release();
      else await removeHeld(place);
    }
  }

  /** Undefined when somebody else has it: also one who has just removed the folder that was to be locked. */
  async #held(id: string): Promise<HeldPlace | undefined> {
    const folder = join(this.#folder, `${id}${lockSuffix}`);
    try {
      await writing(folder, () => makeFolder(folder));
      const release = await holdFolder(folder);
      if (typeof release !== 'function') return undefined;
      return { path: this.#pathOf(id), folder, release, options: this.#options };
    } catch (error) {
      if (isFailure(error) && isSystemError(error.cause, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async #names(): Promise<string[]> {
    return reading(this.#folder, async () => {
      try {
        return await readdir(this.#folder);
      } catch (error) {
        if (isSystemError(error, 'ENOENT')) return [];
        throw error;
      }
    });
  }

  #pathOf(id: string): string {
    return join(this.#folder, `${id}${suffix}`);
  }
}

/** Where a held copy is, and how it is let go. */
interface HeldPlace {
  readonly path: string;
  readonly folder: string;
  readonly release: () => Promise<void>;
  readonly options: QueueOptions;
}

/** A copy of the queue that this process alone works on, until it says what became of it. */
export class HeldCopy {
  readonly item: QueuedCopy;
  readonly #place: HeldPlace;

  constructor(item: QueuedCopy, place: HeldPlace) {
    this.item = item;
    this.#place = place;
  }

  /** The copy is made, or not wanted any more. @throws file-unwritable */
  async done(): Promise<void> {
    await removeHeld(this.#place);
  }

  /** Lets it wait, with another place that it can be copied from. @throws file-unwritable, disk-full */
  async alsoFrom(place: QueuedCopy['from'][number]): Promise<void> {
    const { path, release } = this.#place;
    const known = this.item.from.some((each) => each.repository === place.repository);
    try {
      if (!known) await writeItem(path, { ...this.item, from: [...this.item.from, place] });
    } finally {
      await release();
    }
  }

  /** It failed: it is tried again later, and later again each time. @throws file-unwritable, disk-full */
  async failed({ code, why }: Failure): Promise<QueuedCopy> {
    const { path, options, release } = this.#place;
    const now = options.clock.now();
    const attempts = this.item.attempts + 1;
    const nextAt = new Date(now.getTime() + waitAfter(attempts, options.random));
    const failure = { code, why, at: now.toISOString() };
    const item = { ...this.item, attempts, nextAt: nextAt.toISOString(), failure };
    await writeItem(path, item);
    await release();
    return item;
  }

  /** Lets it wait as it is. @throws file-unwritable */
  async release(): Promise<void> {
    await this.#place.release();
  }
}

/** Milliseconds. */
function waitAfter(attempts: number, random: () => number): number {
  const { queueRetryFirstMs: first, queueRetryLongestMs: longest } = limits;
  return Math.min(first * 2 ** Math.min(attempts - 1, 30), longest) * (0.5 + random() / 2);
}

async function writeItem(path: string, item: QueuedCopy): Promise<void> {
  await writeDurably(path, `${JSON.stringify(item, null, 2)}\n`);
}

/** Undefined when there is none. @throws queue-damaged, file-unreadable */
async function readItem(path: string): Promise<QueuedCopy | undefined> {
  const text = await reading(path, async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return undefined;
      throw error;
    }
  });
  if (text === undefined) return undefined;
  try {
    return QueuedCopy.parse(JSON.parse(text));
  } catch (cause) {
    const id = basename(path, suffix);
    throw new Failure('queue-damaged', 'it is no record of a copy that waits', { path, id }, { cause });
  }
}

/** Removes what is noted, then the lock, by another name: nobody can be in the middle of taking it. */
async function removeHeld({ path, folder }: HeldPlace): Promise<void> {
  for (const each of [path, unfinishedOf(path)]) await writing(each, () => rm(each, { force: true }));
  const gone = `${folder}-${randomUUID()}${goneSuffix}`;
  await writing(folder, () => rename(folder, gone));
  await removeFolder(gone);
}

async function removeFolder(folder: string): Promise<void> {
  await writing(folder, () => rm(folder, { recursive: true, force: true }));
}

/** No copy of this id waits. */
export function missing(id: string): Failure {
  return new Failure('queue-missing', 'it was made, or given up, or never noted here', { id });
}
