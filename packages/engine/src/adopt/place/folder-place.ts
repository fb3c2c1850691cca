import { constants, type Dirent } from 'node:fs';
import { lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import { isSystemError, reading } from '@holdfast/repository';
import type { ForeignFile, ForeignPlace, PassedOver } from '../foreign.ts';
import { pathFault } from './path-fault.ts';

/** Bytes that are read at once. */
const blockBytes = 1024 * 1024;

/**
 * A folder of this machine that others write to. Links, devices, sockets and pipes below it are passed over, never
 * followed or opened; the folder itself may be reached by a link.
 *
 * @throws file-unreadable when there is none or it is no folder
 */
export async function openForeignFolder(path: string): Promise<ForeignPlace> {
  const location = resolve(path);
  const root = await reading(location, () => realpath(location));
  const found = await reading(location, () => stat(root));
  if (!found.isDirectory()) throw new Failure('file-unreadable', 'it is not a folder', { path: location });
  return {
    location,
    list: (passOver) => listBelow(root, '', passOver),
    read: (file, range) => readFile(root, file, range),
  };
}

async function* listBelow(
  root: string,
  folder: string,
  passOver: (what: PassedOver) => void,
): AsyncGenerator<ForeignFile> {
  let entries: Dirent[];
  try {
    entries = await reading(join(root, folder), () => readdir(join(root, folder), { withFileTypes: true }));
  } catch (error) {
    // Of the place itself one would else learn nothing at all.
    if (folder === '' || !(error instanceof Failure)) throw error;
    passOver({ path: folder, why: error.why });
    return;
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    const why = pathFault(path);
    if (why !== undefined) {
      passOver({ path, why });
      continue;
    }
    yield* listEntry(root, path, passOver);
  }
}

async function* listEntry(
  root: string,
  path: string,
  passOver: (what: PassedOver) => void,
): AsyncGenerator<ForeignFile> {
  const full = join(root, path);
  let found;
  try {
    // Not every file system tells the kind of an entry in its folder.
    found = await reading(full, () => lstat(full));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // What was removed since the folder was read is not there, and that is all.
    if (!isSystemError(error.cause, 'ENOENT')) passOver({ path, why: error.why });
    return;
  }
  if (found.isDirectory()) yield* listBelow(root, path, passOver);
  else if (found.isFile()) yield { path, size: found.size, modifiedAt: found.mtime };
  else passOver({ path, why: found.isSymbolicLink() ? 'it is a link' : 'it is no regular file' });
}

async function* readFile(
  root: string,
  path: string,
  { start, end }: { readonly start: number; readonly end: number } = { start: 0, end: Infinity },
): AsyncGenerator<Uint8Array> {
  const full = join(root, path);
  const fault = pathFault(path);
  if (fault !== undefined) throw new Failure('file-unreadable', fault, { path: full });
  // A folder on the way may have become a link since it was listed.
  const real = await reading(full, () => realpath(full));
  if (real !== full) throw new Failure('file-unreadable', 'a link is on the way to it', { path: full });
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  await using handle = await reading(full, () => open(full, flags));
  const found = await reading(full, () => handle.stat());
  if (!found.isFile()) throw new Failure('file-unreadable', 'it is no regular file', { path: full });
  for (let at = start; at < end;) {
    const block = Buffer.allocUnsafe(Math.min(blockBytes, end - at));
    const { bytesRead } = await reading(full, () => handle.read(block, 0, block.length, at));
    if (bytesRead === 0) return;
    at += bytesRead;
    yield block.subarray(0, bytesRead);
  }
}
