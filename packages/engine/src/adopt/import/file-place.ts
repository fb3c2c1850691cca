import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isFailure } from '@holdfast/base';
import { isSystemError, reading } from '@holdfast/repository';
import type { ForeignFile, ForeignPlace } from '../foreign.ts';
import { openForeignFolder } from '../place/index.ts';

/** One foreign snapshot that was named by its file, as a place that holds nothing else. */
export interface ForeignFilePlace {
  readonly place: ForeignPlace;
  /** Of the file, or '' where a folder was named. */
  readonly path: string;
}

/**
 * A file of this machine with what belongs to it: the state or the PKI that RKE puts beside it, and what K3s keeps in
 * `.metadata`. Nothing else around it is looked at. A folder is a place as it is.
 *
 * @throws file-unreadable
 */
export async function openForeignFile(given: string): Promise<ForeignFilePlace> {
  // A link that is named is meant; those that lie around are never followed.
  const file = await reading(resolve(given), () => realpath(given));
  const found = await reading(file, () => lstat(file));
  if (found.isDirectory()) return { place: await openForeignFolder(file), path: '' };
  const name = basename(file);
  const folder = dirname(file);
  // K3s keeps it beside the folder of the snapshots.
  const sidecar = join(dirname(folder), '.metadata', name);
  const root = (await fileAt(sidecar, '')) === undefined ? folder : dirname(folder);
  const at = root === folder ? '' : `${basename(folder)}/`;
  const path = `${at}${name}`;
  const stem = name.replace(/\.zip$/, '');
  const own = [path, `${at}${stem}.rkestate`, `${at}pki.bundle.tar.gz`, `.metadata/${name}`];
  const place = await openForeignFolder(root);
  return {
    path,
    place: {
      ...place,
      async *list() {
        for (const each of own) {
          const known = await fileAt(join(root, each), each);
          if (known !== undefined) yield known;
        }
      },
    },
  };
}

/** Undefined where there is no regular file. */
async function fileAt(full: string, path: string): Promise<ForeignFile | undefined> {
  try {
    const found = await reading(full, () => lstat(full));
    return found.isFile() ? { path, size: found.size, modifiedAt: found.mtime } : undefined;
  } catch (error) {
    if (isFailure(error) && isSystemError(error.cause, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
