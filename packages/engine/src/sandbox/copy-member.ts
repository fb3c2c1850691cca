import { constants, copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import type { Progress } from '../context.ts';
import { checkFreeSpace } from '../save/free-space.ts';

/** Where a member's data lies. */
export interface MemberFiles {
  /** The folder that holds `snap`, and `wal` unless that lies elsewhere. */
  readonly memberDir: string;
  /** The folder of the log files, where it lies outside. */
  readonly walDir?: string;
}

/**
 * Copies all that etcd starts from: the db, raft snapshots with or without a db of their own, and the log. Shares the
 * blocks where the file system can, so that nothing is written.
 *
 * @param to a data directory that is not there yet
 * @returns the number of log files
 * @throws Failure file-unreadable, not-enough-space, disk-full, file-unwritable; the signal's reason
 */
export async function copyMember(
  { memberDir, walDir }: MemberFiles,
  to: string,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<number> {
  const snap = await filesOf(join(memberDir, 'snap'), /^db$|\.snap(?:\.db)?$/);
  const wal = await filesOf(walDir ?? join(memberDir, 'wal'), /\.wal$/);
  const total = [...snap, ...wal].reduce((sum, { size }) => sum + size, 0);
  await checkFreeSpace(to, total);
  let done = 0;
  for (const [folder, files] of [
    ['snap', snap],
    ['wal', wal],
  ] as const) {
    const target = join(to, 'member', folder);
    await mkdir(target, { recursive: true, mode: 0o700 });
    for (const { path, name, size } of files) {
      signal.throwIfAborted();
      await copyOne(path, join(target, name));
      done += size;
      onProgress({ phase: 'copy', done, total });
    }
  }
  return wal.length;
}

async function filesOf(
  folder: string,
  wanted: RegExp,
): Promise<{ path: string; name: string; size: number }[]> {
  try {
    const names = (await readdir(folder)).filter((name) => wanted.test(name));
    return await Promise.all(
      names.map(async (name) => {
        const path = join(folder, name);
        return { path, name, size: (await stat(path)).size };
      }),
    );
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new Failure('file-unreadable', message, { path: folder }, { cause });
  }
}

async function copyOne(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    throw new Failure(isFull ? 'disk-full' : 'file-unwritable', message, { path: to }, { cause });
  }
}
