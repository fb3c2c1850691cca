import { mkdir, open, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError } from './errors.ts';

/** Makes a folder and those above it, for this user only, each durable in the one above it. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT') || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    // Once more and no more: below a dangling link or in /proc the parent is there and yet takes no folder.
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700);
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return;
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot sync a folder; they write names through.
    if (!isSystemError(error, 'EINVAL', 'ENOTSUP')) throw error;
  } finally {
    await handle.close();
  }
}

/** Removes `path` and the folders above it as far as they are empty, never `root` itself; durable. */
export async function pruneFolders(path: string, root: string): Promise<void> {
  let folder = path;
  while (folder !== root) {
    try {
      await rmdir(folder);
    } catch (error) {
      if (isSystemError(error, 'ENOTEMPTY', 'EEXIST')) break;
      if (!isSystemError(error, 'ENOENT')) throw error;
    }
    folder = dirname(folder);
  }
  try {
    await syncFolder(folder);
  } catch (error) {
    // Another one who deletes may have taken this folder away in turn, and synced the one above it.
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
}
