import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  hasEnded,
  isSystemError,
  readHolder,
  reading,
  thisProcess,
  writing,
  type Holder,
} from '@holdfast/repository';

const pattern = /^lock-([1-9]\d{0,8})\.json$/;

interface Lock {
  readonly name: string;
  readonly number: number;
  /** As it is written. */
  readonly text: string;
}

/** Whether a process that may still live holds this folder. */
export async function isHeld(folder: string): Promise<boolean> {
  const last = (await locksIn(folder)).at(-1);
  return last !== undefined && !isAbandoned(last);
}

/** Somebody else holds the folder. */
export interface HeldByOther {
  /** In words: which process, by which file. */
  readonly by: string;
}

/**
 * Lets this process alone work on what a folder stands for, until the returned function is called or the process ends.
 *
 * Locks are numbered and the highest one holds. The successor of a process that has ended writes the next number, whole
 * and only where there is none (link(2)), and then looks whether all below it is still what it judged: of several that
 * come at once at most one goes on.
 *
 * @throws file-unreadable, file-unwritable, disk-full
 */
export async function holdFolder(folder: string): Promise<(() => Promise<void>) | HeldByOther> {
  const earlier = await locksIn(folder);
  const last = earlier.at(-1);
  if (last !== undefined && !isAbandoned(last)) return heldBy(last, folder);
  const name = `lock-${(last?.number ?? 0) + 1}.json`;
  const text = `${JSON.stringify(thisProcess())}\n`;
  if (!(await putLock(folder, name, text))) return heldBy((await locksIn(folder)).at(-1), folder);
  const found = await locksIn(folder);
  const others = found.filter((lock) => lock.name !== name);
  if (JSON.stringify(others) !== JSON.stringify(earlier)) {
    await removeLocks(folder, [name]);
    return heldBy((await locksIn(folder)).at(-1), folder);
  }
  await removeLocks(
    folder,
    earlier.map((lock) => lock.name),
  );
  return () => removeLocks(folder, [name]);
}

/** False when the name is taken. */
async function putLock(folder: string, name: string, text: string): Promise<boolean> {
  const unfinished = join(folder, `.${name}-${randomUUID()}`);
  return writing(join(folder, name), async () => {
    try {
      await writeFile(unfinished, text, { mode: 0o600 });
      await link(unfinished, join(folder, name));
      return true;
    } catch (error) {
      if (isSystemError(error, 'EEXIST')) return false;
      throw error;
    } finally {
      await rm(unfinished, { force: true });
    }
  });
}

async function removeLocks(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await writing(join(folder, name), () => rm(join(folder, name), { force: true }));
}

/** The locks of a folder, the one that holds last. */
async function locksIn(folder: string): Promise<Lock[]> {
  return reading(folder, async () => {
    const locks: Lock[] = [];
    for (const name of await readdir(folder)) {
      const number = Number(pattern.exec(name)?.[1] ?? 0);
      const text = number === 0 ? undefined : await textOf(join(folder, name));
      if (text !== undefined) locks.push({ name, number, text });
    }
    return locks.sort((a, b) => a.number - b.number);
  });
}

/** Undefined when it is gone meanwhile. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isAbandoned(lock: Lock): boolean {
  const holder = holderOf(lock);
  // A lock is linked whole; one that a power cut has emptied is of a boot before this one.
  if (holder === undefined) return true;
  return hasEnded(holder) ?? isOfEarlierBoot(holder);
}

/** Whether it ran on this very machine before that was started again. */
function isOfEarlierBoot(holder: Holder): boolean {
  const { host, machine } = thisProcess();
  return holder.host === host && bootOf(holder.machine) !== bootOf(machine);
}

function bootOf(machine: string): string | undefined {
  return machine.split('/')[0];
}

function holderOf(lock: Lock): Holder | undefined {
  try {
    return readHolder(JSON.parse(lock.text));
  } catch {
    return undefined;
  }
}

function heldBy(lock: Lock | undefined, folder: string): HeldByOther {
  const holder = lock && holderOf(lock);
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  return { by: `${who} holds ${join(folder, lock?.name ?? '')}` };
}
