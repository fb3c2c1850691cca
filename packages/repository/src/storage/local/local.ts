import { randomUUID } from 'node:crypto';
import { constants, lstatSync, type Dirent, type Stats } from 'node:fs';
import { open, readdir, readFile, rm, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import { checkKey, isKey } from '../key.ts';
import type { ByteRange, Storage, StoredObject } from '../storage.ts';
import { isSystemError, reading, writing } from './errors.ts';
import { makeFolder, pruneFolders } from './folder.ts';
import { StagedFile } from './staged-file.ts';

/** Where objects are written before they get their name; no key can lead here. */
const staging = '.staging';
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW;
const blockBytes = 1024 * 1024;

/** A folder of this machine as a storage: files 0600, folders 0700, symbolic links in it are not followed. */
export class LocalStorage implements Storage {
  readonly location: string;
  readonly #uuid: () => string;

  constructor(folder: string, uuid: () => string = randomUUID) {
    this.location = resolve(folder);
    this.#uuid = uuid;
  }

  async put(key: string, content: Uint8Array): Promise<boolean> {
    const file = await this.create(key);
    file.write(content);
    return file.place();
  }

  async create(key: string): Promise<StagedFile> {
    const path = this.localPath(key);
    const folder = join(this.location, staging);
    await writing(path, async () => {
      this.#refuseLinks(path);
      this.#refuseLinks(folder);
      await makeFolder(folder);
    });
    return new StagedFile(join(folder, this.#uuid()), path);
  }

  async get(key: string, limit: number): Promise<Uint8Array | undefined> {
    const path = this.localPath(key);
    const found = await this.stat(key);
    if (found === undefined) return undefined;
    if (found.size > limit) {
      throw new Failure('manifest-damaged', `it has ${found.size} bytes, a record at most ${limit}`, {
        path,
      });
    }
    return reading(path, async () => {
      try {
        return await readFile(path, { flag: readFlags });
      } catch (error) {
        if (isSystemError(error, 'ENOENT')) return undefined;
        throw error;
      }
    });
  }

  async *read(key: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
    const path = this.localPath(key);
    const { start, end } = range ?? { start: 0, end: Infinity };
    const handle = await reading(path, async () => {
      this.#refuseLinks(path);
      return open(path, readFlags);
    });
    try {
      for (let at = start; at < end;) {
        const block = Buffer.allocUnsafe(Math.min(blockBytes, end - at));
        const { bytesRead } = await reading(path, async () => handle.read(block, 0, block.length, at));
        if (bytesRead === 0) return;
        at += bytesRead;
        yield block.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    const path = this.localPath(key);
    return reading(path, async () => {
      this.#refuseLinks(path);
      return statFile(key, path);
    });
  }

  async *list(folder: string, passOver?: (key: string, why: Failure) => void): AsyncGenerator<StoredObject> {
    const path = folder === '' ? this.location : this.localPath(folder);
    const entries = await reading(path, async () => {
      if (folder !== '') this.#refuseLinks(path);
      return namesIn(path);
    });
    for (const entry of entries) {
      const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (!isKey(key)) continue;
      try {
        if (entry.isDirectory()) yield* this.list(key, passOver);
        if (!entry.isFile()) continue;
        const found = await reading(path, async () => statFile(key, join(path, entry.name)));
        if (found !== undefined) yield found;
      } catch (error) {
        if (passOver === undefined || !isFailure(error)) throw error;
        passOver(key, error);
      }
    }
  }

  async delete(key: string): Promise<boolean> {
    const path = this.localPath(key);
    return writing(path, async () => {
      this.#refuseLinks(path);
      try {
        await unlink(path);
      } catch (error) {
        if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return false;
        throw error;
      }
      await pruneFolders(dirname(path), this.location);
      return true;
    });
  }

  async isEmpty(): Promise<boolean> {
    return reading(this.location, async () => {
      try {
        // A fresh file system has its own folder for files that a check has saved.
        const names = await readdir(this.location);
        return names.every((name) => name === staging || name === 'lost+found');
      } catch (error) {
        if (isSystemError(error, 'ENOTDIR')) return false;
        if (isSystemError(error, 'ENOENT')) return true;
        throw error;
      }
    });
  }

  async removeStale(before: Date): Promise<number> {
    const folder = join(this.location, staging);
    return writing(folder, async () => {
      this.#refuseLinks(folder);
      let removed = 0;
      for (const { name } of await namesIn(folder)) {
        const path = join(folder, name);
        const found = statFile(name, path);
        if (found === undefined || found.modifiedAt >= before) continue;
        await rm(path, { force: true });
        removed += 1;
      }
      return removed;
    });
  }

  localPath(key: string): string {
    return join(this.location, checkKey(key));
  }

  /**
   * A link inside the repository could lead a write, or a restore, to any file of this machine. Checked name by name
   * before use, since Node has no way to open relative to a folder; only somebody who may write here could race it.
   */
  #refuseLinks(path: string): void {
    for (let each = path; each !== this.location; each = dirname(each)) {
      if (lstatIfThere(each)?.isSymbolicLink() !== true) continue;
      const message = `${each} is a symbolic link, which is not followed inside a repository`;
      throw Object.assign(new Error(message), { code: 'ELOOP' });
    }
  }
}

function statFile(key: string, path: string): StoredObject | undefined {
  const stats = lstatIfThere(path);
  return stats?.isFile() === true ? { key, size: stats.size, modifiedAt: stats.mtime } : undefined;
}

/** Answered by the kernel in microseconds; a trip to Node's threads would cost fifty times that, for every object. */
function lstatIfThere(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** The entries of a folder by name; none when it is not there. */
async function namesIn(path: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
