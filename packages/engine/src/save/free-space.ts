import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, formatBytes, limits } from '@holdfast/base';

/**
 * Refuses what would fill the disk of `file`, before etcd is made to send it.
 *
 * @param expected bytes
 * @throws Failure not-enough-space
 */
export async function checkFreeSpace(file: string, expected: number): Promise<void> {
  const path = dirname(file);
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  const wanted = expected + limits.spareSpaceBytes;
  if (free >= wanted) return;
  const why = `the database has ${formatBytes(expected)}, with a margin ${formatBytes(wanted)} are needed, and ${formatBytes(free)} are free`;
  throw new Failure('not-enough-space', why, { path, wanted, free });
}
