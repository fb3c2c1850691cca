import { link, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Forces the entries of a folder to the disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whether anything has this name, a link that leads nowhere too. */
export async function stands(path: string): Promise<boolean> {
  return (await lstatOf(path)) !== undefined;
}

/** Whether it is a folder: the bar of an earlier restore has the name of data and is none. */
export async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function lstatOf(path: string): Promise<{ dev: bigint; ino: bigint } | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    return undefined;
  }
}

/** By what a folder is known again after it was renamed; undefined when nothing is there. */
export async function inodeOf(path: string): Promise<string | undefined> {
  return (await lstatOf(path))?.ino.toString();
}

/** The names in a folder, sorted; none when it is absent. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
}

/** The folders that are missing on the way to `path`, topmost first. */
export async function missingFolders(path: string): Promise<string[]> {
  return (await stands(path)) || dirname(path) === path
    ? []
    : [...(await missingFolders(dirname(path))), path];
}

/** Writes a file and forces it to the disk; another one of that name is replaced. */
async function writeSynced(path: string, text: string, mode: number): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Gives a file its name only when all of it is on the disk, and never that of another one.
 *
 * @param part a name in the same folder that nobody else uses
 * @returns false when the name is taken
 */
export async function putNew(path: string, text: string, mode: number, part: string): Promise<boolean> {
  await writeSynced(part, text, mode);
  try {
    await link(part, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(part, { force: true });
  }
  await syncFolder(dirname(path));
  return true;
}

/** The same, over an older file of the name. */
export async function putWhole(path: string, text: string, mode = 0o600): Promise<void> {
  await writeSynced(`${path}.part`, text, mode);
  await rename(`${path}.part`, path);
  await syncFolder(dirname(path));
}

/** Makes a folder with those above it, 0700, and forces them to the disk. */
export async function makeFolder(path: string): Promise<void> {
  const missing = await missingFolders(path);
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (const folder of missing) await syncFolder(dirname(folder));
}

/** Renames within a file system and forces that to the disk. */
export async function move(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
}

/**
 * Moves entries of a folder to another one, which is made, in the order of `names`.
 *
 * @returns the first name that is taken there; undefined when all were moved
 */
export async function moveEntries(
  from: string,
  to: string,
  names: readonly string[],
): Promise<string | undefined> {
  if (names.length === 0) return undefined;
  await makeFolder(to);
  for (const name of names) {
    if (await stands(join(to, name))) return name;
    await rename(join(from, name), join(to, name));
  }
  await syncFolder(to);
  await syncFolder(from);
  return undefined;
}

/** Removes whatever has this name, with its content; tells whether there was anything. */
export async function remove(path: string): Promise<boolean> {
  if (!(await stands(path))) return false;
  await rm(path, { recursive: true, force: true });
  await syncFolder(dirname(path));
  return true;
}

/** Makes a folder with one file in it that appears, with all folders above it, in one rename of the topmost. */
export async function makeFolderWith(
  missing: readonly [string, ...string[]],
  name: string,
  text: string,
  building: (folder: string) => string,
): Promise<void> {
  const [top, ...below] = missing;
  const temporary = building(top);
  await rm(temporary, { recursive: true, force: true });
  const folders = [temporary];
  for (const folder of below) folders.push(join(folders.at(-1)!, basename(folder)));
  await mkdir(folders.at(-1)!, { recursive: true, mode: 0o700 });
  await writeSynced(join(folders.at(-1)!, name), text, 0o600);
  for (const folder of folders.toReversed()) await syncFolder(folder);
  await move(temporary, top);
}
