import type { Stats } from 'node:fs';
import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError, reading, writing } from './errors.ts';
import { syncFolder } from './folder.ts';

/** The text of a small file; undefined when there is none. @throws file-unreadable */
export async function readTextFile(path: string): Promise<string | undefined> {
  return reading(path, async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return undefined;
      throw error;
    }
  });
}

/** Whose a file is, and who may use it. */
export type FileAccess = Readonly<Pick<Stats, 'mode' | 'uid' | 'gid'>>;

/**
 * Writes a small file for this user only, all or nothing: after a crash it is the old one or the new one.
 *
 * @param unfinished where it is written until it is whole, in the same folder
 * @param access whose it is to be and who may use it, instead; where this user may not give it away it stays this user's alone
 * @throws file-unwritable, disk-full
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  unfinished: string,
  access?: FileAccess,
): Promise<void> {
  await writing(path, async () => {
    try {
      const file = await open(unfinished, 'w', 0o600);
      try {
        await file.writeFile(content);
        if (access !== undefined) await give(file, access);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  });
}

async function give(file: FileHandle, { mode, uid, gid }: FileAccess): Promise<void> {
  try {
    await file.chown(uid, gid);
    await file.chmod(mode & 0o777);
  } catch (error) {
    if (!isSystemError(error, 'EPERM')) throw error;
  }
}
