import type { Stats } from 'node:fs';
import { constants, lstat, open, readdir, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, formatBytes, limits } from '@holdfast/base';
import type { RootReader } from '@holdfast/kube';

/** The files of a node below a folder of this machine. */
export interface NodeRoot extends RootReader {
  /** When a file that was read had been changed last. */
  modifiedAt(path: string): Date | undefined;
}

/** Links that are followed on the way to one file, as by Linux. */
const mostLinks = 40;

interface Place {
  /** The absolute path on this machine, without a link in it. */
  readonly path: string;
  readonly stats: Stats;
}

/**
 * Opens the files of a node whose `/` is `folder`, as `/` itself or `/host` in a container. Links are followed as the node
 * would follow them: an absolute one begins at `folder` again, and none leads out of it. Only regular files are opened,
 * and only so far as a companion may be long.
 * @throws Failure file-unreadable when there is no such folder
 */
export async function openNodeRoot(folder: string): Promise<NodeRoot> {
  const root = await realpath(folder).catch((error: unknown) => {
    throw new Failure('file-unreadable', wordsOf(error), { path: folder }, { cause: error });
  });
  const modified = new Map<string, Date>();
  return {
    async read(path) {
      const place = await locate(root, path);
      if (place === undefined) return undefined;
      if (place.stats.isDirectory()) throw new Error('it is a folder');
      if (!place.stats.isFile()) throw new Error('it is no regular file');
      const { content, modifiedAt } = await readWhole(place.path);
      modified.set(path, modifiedAt);
      return content;
    },
    async list(path) {
      const place = await locate(root, path);
      if (place?.stats.isDirectory() !== true) return [];
      const names: string[] = [];
      for (const entry of await inWords(readdir(place.path, { withFileTypes: true })))
        if (
          entry.isFile() ||
          (entry.isSymbolicLink() && !(await leadsToFolder(root, `${path}/${entry.name}`)))
        )
          names.push(entry.name);
      return names;
    },
    modifiedAt: (path) => modified.get(path),
  };
}

/** Follows a path of the node; undefined where nothing is there. A link that leads nowhere is an error, not an absence. */
async function locate(root: string, path: string): Promise<Place | undefined> {
  const ahead = partsOf(path);
  const behind: string[] = [];
  let links = 0;
  let stats = await inWords(lstat(root));
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    if (name === '..') {
      behind.pop();
      continue;
    }
    const here = join(root, ...behind, name);
    const found = await lstat(here).catch(absent);
    if (found === undefined) {
      if (links > 0) throw new Error(`it is a link to /${[...behind, name].join('/')}, which is not there`);
      return undefined;
    }
    if (found.isSymbolicLink()) {
      links += 1;
      if (links > mostLinks) throw new Error('its links lead in a circle');
      const target = await inWords(readlink(here));
      if (target.startsWith('/')) behind.length = 0;
      ahead.unshift(...partsOf(target));
    } else {
      behind.push(name);
      stats = found;
    }
  }
  return { path: join(root, ...behind), stats };
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

async function leadsToFolder(root: string, path: string): Promise<boolean> {
  const place = await locate(root, path).catch(() => undefined);
  return place?.stats.isDirectory() === true;
}

async function readWhole(path: string): Promise<{ readonly content: Uint8Array; readonly modifiedAt: Date }> {
  // A pipe that takes the file's place meanwhile must not be waited for.
  await using file = await inWords(
    open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  );
  const stats = await inWords(file.stat());
  // A folder on the way may have been replaced by a link since it was looked at.
  const opened = await inWords(readlink(`/proc/self/fd/${file.fd}`));
  if (!stats.isFile() || opened !== path) throw new Error('it was replaced while it was read');
  const most = limits.companionBytes;
  if (stats.size > most)
    throw new Error(`it has ${formatBytes(stats.size)}, and a companion at most ${formatBytes(most)}`);
  const room = Buffer.alloc(stats.size + 1);
  let length = 0;
  for (let got = -1; got !== 0 && length < room.length; length += got)
    got = (await inWords(file.read(room, length, room.length - length, length))).bytesRead;
  if (length !== stats.size) throw new Error('it was changed while it was read');
  return { content: room.subarray(0, length), modifiedAt: stats.mtime };
}

function absent(error: unknown): undefined {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw new Error(wordsOf(error), { cause: error });
}

async function inWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Error(wordsOf(error), { cause: error });
  }
}

/** What the system says, without its path: the one on this machine is not the node's. */
function wordsOf(error: unknown): string {
  const { message } = error as Error;
  return /^\w+: ([^,]+)/.exec(message)?.[1] ?? message;
}
