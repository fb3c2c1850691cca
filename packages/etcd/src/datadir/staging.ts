import { chown, link, mkdir, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, parse, resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import { firstWalName } from '../wal/index.ts';
import { syncFolder } from './write-file.ts';

/** Where a member's data comes to stand. */
export interface Target {
  readonly dataDir: string;
  /** For a log outside of the data directory. */
  readonly walDir?: string;
}

/** What an interrupted restore leaves in these folders; beside an absent one, with the folder's name before it. */
const unfinished = /^holdfast-[0-9a-f]+\.(?:part|wal)$/;

/** What a file system's own root holds: a data directory is often a mount point. */
const ownOfFileSystem = 'lost+found';

/**
 * Refuses a target that is in use, and names what earlier, interrupted restores left there. Those are not removed: one
 * of them might still be running, and they do no harm.
 *
 * @throws Failure data-dir-exists when a folder holds anything else
 */
export async function checkTarget(target: Target): Promise<string[]> {
  const { dir, base } = parse(resolve(target.dataDir));
  const beside = (await entriesOf(dir)).filter(
    (name) => name.startsWith(`${base}.`) && unfinished.test(name.slice(base.length + 1)),
  );
  const leftovers = beside.map((name) => join(dir, name));
  for (const path of foldersOf(target)) {
    for (const name of await entriesOf(path)) {
      if (unfinished.test(name)) leftovers.push(join(path, name));
      else if (name !== ownOfFileSystem) {
        throw new Failure('data-dir-exists', `it holds ${name}`, { path });
      }
    }
  }
  return leftovers;
}

/** The folders of a target that must hold nothing. */
export function foldersOf({ dataDir, walDir }: Target): string[] {
  return walDir === undefined ? [dataDir] : [dataDir, walDir];
}

async function entriesOf(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
    throw new Failure('data-dir-exists', 'it is not a folder', { path }, { cause: error });
  }
}

/**
 * A member's folder while it is being built. It stands beside the data directory, or in it if that is there already,
 * which may be a mount point; so it is on the same file system, and not under the name `member`: to etcd there is no
 * data.
 *
 * With the log inside, one rename makes the member. With a log elsewhere there are two places and no single rename,
 * so the log decides: until the last step its file has a name that ends in `.wal` and is not a log's. An etcd that is
 * started meanwhile sees that there is a log (so it does not begin a new cluster), finds no file of it, and gives up.
 * 1. the log is written as `holdfast-<id>.wal`; 2. the folder is renamed to `member`; 3. the log gets its name.
 */
export class Staging {
  readonly snapDir: string;
  readonly walFile: string;
  readonly #target: Target;
  readonly #part: string;
  /** What is removed when this comes to nothing: files and folders with their content, and folders if empty. */
  #made: string[] = [];
  #madeFolders: string[] = [];

  private constructor(target: Target, part: string, id: string) {
    this.#target = target;
    this.#part = part;
    this.snapDir = join(part, 'snap');
    this.walFile =
      target.walDir === undefined
        ? join(part, 'wal', firstWalName)
        : join(target.walDir, `holdfast-${id}.wal`);
  }

  /** Makes the folders, 0700, that are to be filled: {@link snapDir} and the one of {@link walFile}. */
  static async begin(target: Target, id: string): Promise<Staging> {
    const dataDir = resolve(target.dataDir);
    const name = `holdfast-${id}.part`;
    const part = (await isThere(dataDir)) ? join(dataDir, name) : `${dataDir}.${name}`;
    const staging = new Staging(target, part, id);
    try {
      await staging.#makeFolder(dirname(part));
      if (target.walDir !== undefined) await staging.#makeFolder(target.walDir);
      await mkdir(part, { mode: 0o700 });
      staging.#made = [part, staging.walFile];
      await mkdir(staging.snapDir, { mode: 0o700 });
      if (target.walDir === undefined) await mkdir(dirname(staging.walFile), { mode: 0o700 });
    } catch (error) {
      await staging.discard().catch(() => {});
      throw error;
    }
    return staging;
  }

  /**
   * Puts what was built in its place and forces that to the disk; the files must have been.
   *
   * @throws Failure data-dir-exists when somebody else has put a member there in the meantime
   */
  async publish(): Promise<void> {
    const { dataDir, walDir } = this.#target;
    await this.#makeFolder(dataDir);
    await giveToOwnerOf(dataDir, [this.#part, ...(await entriesBelow(this.#part))]);
    if (walDir !== undefined) await giveToOwnerOf(walDir, [this.walFile]);
    const folders = [this.snapDir, dirname(this.walFile), this.#part, ...this.#madeFolders.map(dirname)];
    for (const folder of folders) await syncFolder(folder);
    await this.#move(this.#part, join(dataDir, 'member'), rename);
    await syncFolder(dataDir);
    if (walDir !== undefined) {
      await this.#move(this.walFile, join(walDir, firstWalName), renameToNew);
      await syncFolder(walDir);
    }
    this.#made = this.#madeFolders = [];
  }

  /** Removes everything that was made, unless all of it is in its place. */
  async discard(): Promise<void> {
    for (const path of this.#made) await rm(path, { recursive: true, force: true });
    for (const folder of this.#madeFolders.toReversed()) await rmdir(folder).catch(() => {});
  }

  async #makeFolder(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first !== undefined) this.#madeFolders.push(...pathsUpTo(resolve(first), resolve(path)));
  }

  async #move(from: string, to: string, move: (from: string, to: string) => Promise<void>): Promise<void> {
    try {
      await move(from, to);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR') throw error;
      throw new Failure('data-dir-exists', 'somebody else put it there', { path: to }, { cause: error });
    }
    this.#made = this.#made.map((path) => (path === from ? to : path));
  }
}

/** Renames a file, but never over another one, as `rename` would; over a folder with content it does not either. */
async function renameToNew(from: string, to: string): Promise<void> {
  await link(from, to);
  // A second name that stays does no harm: the next restore tells of it.
  await unlink(from).catch(() => {});
}

/** The folders from `first` down to `last`, which lies in it or is it. */
function pathsUpTo(first: string, last: string): string[] {
  return first === last ? [last] : [...pathsUpTo(first, dirname(last)), last];
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function entriesBelow(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).map((name) => join(folder, name));
}

/** Root restores for the user that etcd runs as: who owns the folder that was there gets what is new in it. */
async function giveToOwnerOf(folder: string, paths: readonly string[]): Promise<void> {
  const { uid, gid } = await stat(folder);
  if (process.geteuid?.() !== 0 || uid === 0) return;
  for (const path of paths) await chown(path, uid, gid);
}
