import { link, lstat, open, rename, unlink } from 'node:fs/promises';
import { isSystemError } from './errors.ts';

/**
 * Gives a staged file its final name unless that is taken; false when it is. Atomic: of two at once one wins, and the
 * name never shows a part of the file.
 */
export async function placeNew(staged: string, final: string): Promise<boolean> {
  try {
    return await placeByLink(staged, final);
  } catch (error) {
    // File systems without hard links: FAT, exFAT, some FUSE ones.
    if (!isSystemError(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw error;
    return placeByReservation(staged, final);
  }
}

async function placeByLink(staged: string, final: string): Promise<boolean> {
  try {
    await link(staged, final);
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
    // NFS reports a link whose first answer was lost as EEXIST, although it was made.
    if (!(await isSameFile(staged, final))) return false;
  }
  await unlink(staged);
  return true;
}

/**
 * Reserves the name with an empty file and renames over it. A crash between the two leaves the empty file, which
 * readers report as damaged.
 */
export async function placeByReservation(staged: string, final: string): Promise<boolean> {
  try {
    await (await open(final, 'wx', 0o600)).close();
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
  try {
    await rename(staged, final);
  } catch (error) {
    await unlink(final);
    throw error;
  }
  return true;
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = [await lstat(a), await lstat(b)];
  return first.ino === second.ino && first.dev === second.dev;
}
