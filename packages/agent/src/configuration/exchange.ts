import { createHash } from 'node:crypto';
import { constants, copyFile, link, lstat, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { inodeOf, makeFolder, move, putNew, remove, stands, syncFolder } from '../on-disk.ts';
import { label } from '../steps/likeness.ts';
import type { FilePlaces } from './file-places.ts';

/** What a file is to become: so many bytes, or those of another file. */
export type NewContent =
  | { readonly bytes: Uint8Array; readonly secret: boolean }
  | { readonly copyOf: string };

/**
 * Gives a file new content by one rename, with the owner, the mode and the SELinux label of the old one, which is kept as it
 * is. Done again, whatever a crash has left, it ends the same.
 */
export async function exchange(places: FilePlaces, content: NewContent, signal: AbortSignal): Promise<void> {
  const { path, kept, made, part } = places;
  const isThere = await stands(path);
  if (!(await stands(kept)) && !(await stands(made))) {
    await makeFolder(dirname(path));
    // One more name for the very same file: nothing of it can get lost on the way back.
    if (isThere) await link(path, kept);
    else await putNew(made, '', 0o600, part);
    await syncFolder(dirname(path));
  }
  await rm(part, { force: true });
  if ('copyOf' in content) await copyFile(content.copyOf, part, constants.COPYFILE_EXCL);
  const file = await open(part, 'copyOf' in content ? 'r+' : 'wx', 0o600);
  try {
    if ('bytes' in content) await file.writeFile(content.bytes);
    const like = (await stands(kept)) ? await stat(kept) : undefined;
    if (like !== undefined && process.geteuid?.() === 0) await file.chown(like.uid, like.gid);
    const ordinary = 'bytes' in content && content.secret ? 0o600 : 0o644;
    await file.chmod(like === undefined ? ordinary : like.mode & 0o7777);
    await file.sync();
  } finally {
    await file.close();
  }
  await label(part, isThere ? path : dirname(path), signal);
  await rename(part, path);
  await syncFolder(dirname(path));
}

/** Puts the old file back, or none where there was none. Tells whether anything was to be put back. */
export async function putBack({ path, kept, made, part }: FilePlaces): Promise<boolean> {
  await remove(part);
  if (await stands(kept)) {
    // A rename of one name of a file over another one of the same does nothing.
    if ((await inodeOf(kept)) === (await inodeOf(path))) await remove(kept);
    else await move(kept, path);
    return true;
  }
  if (!(await stands(made))) return false;
  await remove(path);
  await remove(made);
  return true;
}

/** Whether the file was begun to be changed by this restore. */
export async function isBegun({ kept, made }: FilePlaces): Promise<boolean> {
  return (await stands(kept)) || (await stands(made));
}

/**
 * What a file holds; undefined where there is none.
 *
 * @throws Error that says why it is not read, without a full stop
 */
export async function contentOf(path: string): Promise<Buffer | undefined> {
  try {
    if (!(await stat(path)).isFile()) throw new Error(`${path} is no regular file`);
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    // A link that leads nowhere has the name all the same.
    if (
      await lstat(path).then(
        () => true,
        () => false,
      )
    )
      throw new Error(`${path} is a link that leads nowhere`, { cause: error });
    return undefined;
  }
}

/** In hexadecimal. */
export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
