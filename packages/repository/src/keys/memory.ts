import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { RepositoryMemory, RepositoryPlace } from '@holdfast/model';
import { apiVersion, encodeRecord } from '../record.ts';
import { writing } from '../storage/local/errors.ts';
import { makeFolder } from '../storage/local/folder.ts';
import { readTextFile, replaceFile } from '../storage/local/small-file.ts';

/** What a client remembers of a repository; see {@link remember}. */
export type Remembered = Pick<RepositoryMemory, 'keyList' | 'heads'>;

/**
 * What is remembered of a repository; nothing yet where there is no file.
 *
 * @param folder of the memory, with a file for each repository
 * @throws memory-damaged, file-unreadable
 */
export async function recall(folder: string, repositoryId: string): Promise<Remembered> {
  const path = memoryPath(folder, repositoryId);
  const text = await readTextFile(path);
  return text === undefined ? { keyList: null, heads: {} } : parse(text, path, RepositoryMemory);
}

/**
 * Changes what is remembered, in one step: a reader sees it before or after. Of two at one time the later one may undo
 * what the other added, which makes the memory older and not wrong.
 *
 * @param change is given what is remembered now, and what it returns is kept
 * @throws memory-damaged, file-unreadable, file-unwritable, disk-full
 */
export async function remember(
  folder: string,
  repositoryId: string,
  change: (before: Remembered) => Remembered,
): Promise<void> {
  const { keyList, heads } = change(await recall(folder, repositoryId));
  const memory: RepositoryMemory = { apiVersion, kind: 'RepositoryMemory', keyList, heads };
  await replace(folder, memoryPath(folder, repositoryId), encodeRecord(memory));
}

/**
 * The id of the repository with keys that was last seen at a place: the id that is stored there is not signed, and another
 * one would be remembered anew.
 *
 * @param location as Storage has it
 * @throws memory-damaged, file-unreadable
 */
export async function recallPlace(folder: string, location: string): Promise<string | undefined> {
  const path = placePath(folder, location);
  const text = await readTextFile(path);
  if (text === undefined) return undefined;
  const { repositoryId } = parse(text, path, RepositoryPlace);
  return repositoryId;
}

/** Remembers which repository is at a place. @throws file-unwritable, disk-full */
export async function rememberPlace(folder: string, location: string, repositoryId: string): Promise<void> {
  const place: RepositoryPlace = { apiVersion, kind: 'RepositoryPlace', location, repositoryId };
  await replace(folder, placePath(folder, location), encodeRecord(place));
}

/** The file in which it is remembered what is at a place. */
export function placePath(folder: string, location: string): string {
  const word = createHash('sha256').update(location).digest('hex').slice(0, 32);
  return join(folder, `at-${word}.json`);
}

/** Several processes may remember at once, so each writes a file of its own until it is whole. */
async function replace(folder: string, path: string, content: Uint8Array): Promise<void> {
  await writing(path, () => makeFolder(folder));
  await replaceFile(path, content, join(folder, `.${randomUUID()}`));
}

/** The file in which a repository is remembered. */
export function memoryPath(folder: string, repositoryId: string): string {
  return join(folder, `${repositoryId}.json`);
}

function parse<T>(text: string, path: string, schema: { parse(value: unknown): T }): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new Failure('memory-damaged', 'it is not what Holdfast writes', { path }, { cause: error });
  }
}
