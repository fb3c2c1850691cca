import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, formatBytes, limits } from '@holdfast/base';

/**
 * Refuses a folder, which need not be there yet, whose file system has not `bytes` and some to spare.
 *
 * @throws Failure not-enough-space
 */
export async function checkFreeSpace(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(await existing(path));
  const wanted = bytes + limits.spareSpaceBytes;
  if (bavail * bsize >= wanted) return;
  const why = `${formatBytes(wanted)} are needed and ${formatBytes(bavail * bsize)} are free`;
  throw new Failure('not-enough-space', why, { path, wanted, free: bavail * bsize });
}

async function existing(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return existing(dirname(path));
  }
}
