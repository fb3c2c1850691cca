import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Failure, type FailureCode } from '@holdfast/base';
import type { CompanionsList } from '@holdfast/model';
import { type CompanionsRequest, readCompanions } from './read-companions.ts';

const codes: Readonly<Record<string, FailureCode>> = {
  EEXIST: 'file-exists',
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
};

/**
 * Writes the companions of a tar below a new folder, each under its path on the node, for this user only (folders 0700,
 * files 0600). Nothing that exists is touched, and a folder that could not be finished is removed.
 * @returns the list of what the tar holds
 * @throws as `readCompanions`, before anything is written; Failure file-exists, disk-full, file-unwritable
 */
export async function extractCompanions(
  stream: AsyncIterable<Uint8Array>,
  folder: string,
  request: CompanionsRequest,
): Promise<CompanionsList> {
  const { list, files } = await readCompanions(stream, request);
  const target = resolve(folder);
  await making(target, mkdir(target, { mode: 0o700 }));
  try {
    for (const { file, content } of files) {
      const path = join(target, file.entry);
      await making(path, mkdir(dirname(path), { recursive: true, mode: 0o700 }));
      await making(path, writeFile(path, content, { mode: 0o600, flag: 'wx', flush: true }));
      const modified = new Date(file.modifiedAt);
      await making(path, utimes(path, modified, modified));
    }
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    throw error;
  }
  return list;
}

async function making(path: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new Failure(codes[code] ?? 'file-unwritable', message, { path }, { cause: error });
  }
}
