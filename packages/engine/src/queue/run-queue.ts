import { Failure, isFailure } from '@holdfast/base';
import type { QueuedCopy } from '@holdfast/model';
import type { Repository } from '@holdfast/repository';
import type { VerbContext } from '../context.ts';
import { copySnapshot } from '../copy/index.ts';
import { missing, type CopyQueue, type HeldCopy } from './copy-queue.ts';

export interface RunQueueOptions {
  /** Opens a repository by its name in the configuration, or what `--repo` was given. Throws a Failure where it cannot. */
  readonly open: (name: string) => Promise<Repository>;
  /** Where a name leads now, as the order of a copy has it; null or absent when that is not known. */
  readonly at?: (name: string) => string | null;
  /** Only these, by id, whether they are due or not; all when absent. */
  readonly only?: readonly string[];
  /** Tries all that wait, whether they are due or not, once. */
  readonly early?: boolean;
  /** Copies that are tried at most; all that are due when absent. */
  readonly atMost?: number;
  /** Stays until nothing waits. */
  readonly wait?: boolean;
  /** Told of each copy that was tried. */
  readonly onRun?: (run: QueueRun) => void;
}

/** What became of one copy that was tried. */
export interface QueueRun {
  readonly item: QueuedCopy;
  /** `gone`: the snapshot is in none of the repositories that it was to be copied from, so that nothing is to be done. */
  readonly outcome: 'copied' | 'there' | 'gone' | 'failed';
  /** Null unless it failed; it is tried again at `item.nextAt` then. */
  readonly failure: Failure | null;
  /** What somebody should know, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Makes the copies that are due. One that another process works on is left to it; one that fails waits longer each time.
 *
 * @throws Failure file-unreadable, file-unwritable, disk-full for the queue itself; queue-missing when one of `only` does
 *   not wait; the signal's reason
 */
export async function runQueue(
  context: VerbContext,
  queue: CopyQueue,
  options: RunQueueOptions,
): Promise<QueueRun[]> {
  const runs: QueueRun[] = [];
  const { only, atMost = Infinity } = options;
  await queue.sweep();
  const listed = async (): Promise<QueuedCopy[]> =>
    (await queue.list()).items.filter(({ id }) => only === undefined || only.includes(id));
  const found = await listed();
  const absent = only?.find((id) => !found.some((item) => item.id === id));
  if (absent !== undefined) throw missing(absent);
  for (let isFirst = true; ; isFirst = false) {
    const isEarly = isFirst && (options.early === true || only !== undefined);
    const now = context.clock.now();
    const isDue = ({ nextAt }: QueuedCopy): boolean => isEarly || Date.parse(nextAt) <= now.getTime();
    for (const { id } of (await listed()).filter(isDue)) {
      if (runs.length >= atMost) return runs;
      context.signal.throwIfAborted();
      const held = await queue.hold(id);
      if (held === undefined) continue;
      if (!isDue(held.item)) {
        await held.release();
        continue;
      }
      const run = await runHeld(context, queue, held, options);
      runs.push(run);
      options.onRun?.(run);
    }
    if (options.wait !== true) return runs;
    const left = await listed();
    if (left.length === 0) return runs;
    const next = Math.min(...left.map(({ nextAt }) => Date.parse(nextAt)));
    // One that is due and was not made is in the hands of another process.
    await context.clock.sleep(
      Math.max(next - context.clock.now().getTime(), heldElsewhereMs),
      context.signal,
    );
  }
}

/** Milliseconds after which it is looked again whether another process is done with a copy. */
const heldElsewhereMs = 1000;

type Opening = Pick<RunQueueOptions, 'open' | 'at'>;
type Stored = QueuedCopy['from'][number];

async function runHeld(
  context: VerbContext,
  queue: CopyQueue,
  held: HeldCopy,
  opening: Opening,
): Promise<QueueRun> {
  const { item } = held;
  try {
    const { outcome, notes, filled } = await copyFromAny(context, item, opening);
    const drop = async (): Promise<string[] | undefined> =>
      filled && (await dropWanted(queue, item, filled, opening));
    let dropped = await drop();
    await held.done();
    // Another copy that was made at the same moment has left it to this one.
    dropped ??= await drop();
    return { item, outcome, failure: null, notes: [...notes, ...(dropped ?? [])] };
  } catch (error) {
    if (!isFailure(error) || context.signal.aborted) {
      await held.release();
      throw error;
    }
    return { item: await held.failed(error), outcome: 'failed', failure: error, notes: [] };
  }
}

interface Made {
  readonly outcome: 'copied' | 'there' | 'gone';
  readonly notes: readonly string[];
  /** The copy, unless it is gone. */
  readonly filled?: Stored;
}

async function copyFromAny(context: VerbContext, item: QueuedCopy, { open, at }: Opening): Promise<Made> {
  const where = at?.(item.to) ?? null;
  if (item.toId === null && item.toAt !== null && where !== null && where !== item.toAt) {
    throw otherRepository(item.to, `${item.to} is now at ${where}, and ${item.toAt} was meant`);
  }
  const to = await openMeant(open, item.to, item.toId);
  let last: Failure | undefined;
  for (const { repository, id, cluster, snapshot } of item.from) {
    try {
      const from = await openMeant(open, repository, id);
      const made = await copySnapshot(context, from, to, await from.snapshot(snapshot, cluster));
      const { name, cluster: there } = made.snapshot;
      const filled = { repository: item.to, id: to.record.id, cluster: there.id, snapshot: name };
      return { outcome: made.outcome, notes: made.notes, filled };
    } catch (error) {
      if (!isFailure(error) || context.signal.aborted) throw error;
      // Its cluster was there when this was noted: without it nothing is known of the snapshot.
      if (!isFailure(error, 'snapshot-missing')) last ??= error;
    }
  }
  if (last !== undefined) throw last;
  return { outcome: 'gone', notes: [] };
}

/** @throws repository-other when the name leads to another repository than it did; what `open` throws */
async function openMeant(
  open: RunQueueOptions['open'],
  name: string,
  id: string | null,
): Promise<Repository> {
  const repository = await open(name);
  if (id === null || repository.record.id === id) return repository;
  throw otherRepository(name, `${name} opens ${repository.record.id}, and ${id} was meant`);
}

function otherRepository(repository: string, why: string): Failure {
  return new Failure('repository-other', why, { repository });
}

/**
 * Removes the copies that were only kept until this one was made, unless a required one of the save still waits. What
 * waits besides is told first where it can be copied from instead.
 *
 * @returns what somebody should know, a sentence each; undefined when it is left to another copy of the save
 */
async function dropWanted(
  queue: CopyQueue,
  { id, save, drop, from }: QueuedCopy,
  filled: Stored,
  { open }: Opening,
): Promise<string[] | undefined> {
  const doomed = from.filter(({ repository }) => drop.includes(repository));
  if (doomed.length === 0) return [];
  const { items, unreadable } = await queue.list();
  const [torn] = unreadable;
  if (torn !== undefined) {
    const why = `the queue's record ${torn.path} cannot be read`;
    return doomed.map(({ repository }) => `the copy in ${repository} stays: ${why}`);
  }
  const others = items.filter((other) => other.id !== id && other.save === save);
  if (others.some(({ required }) => required)) return undefined;
  for (const other of others) {
    const held = await queue.hold(other.id);
    // Another process reads from there just now, and drops it when it is done.
    if (held === undefined) return undefined;
    await held.alsoFrom(filled);
  }
  const notes: string[] = [];
  for (const { repository, id: meant, cluster, snapshot } of doomed) {
    try {
      await (await openMeant(open, repository, meant)).deleteSnapshot(cluster, snapshot);
      notes.push(`the copy in ${repository} was removed, as was asked for`);
    } catch (error) {
      if (!isFailure(error)) throw error;
      if (error.code !== 'snapshot-missing') notes.push(`the copy in ${repository} stays: ${error.why}`);
    }
  }
  return notes;
}
