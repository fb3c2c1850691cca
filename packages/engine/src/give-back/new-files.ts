import { createHash } from 'node:crypto';
import { lstat, mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '@holdfast/base';
import { stageBeside, type StagedFile } from '@holdfast/repository';

/** A file that is to be written. */
interface ToWrite {
  readonly path: string;
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** A file that is there, whole and forced to the disk. */
export interface WrittenFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Of the whole file, hexadecimal. */
  readonly sha256: string;
}

/**
 * Writes new files for this user only, and the folders that they need. None gets its name before all are written, the last
 * one last, and none replaces another. On failure nothing of them is left.
 *
 * @throws file-exists, before anything is written where that can be known; file-unwritable, disk-full; what contents throw
 */
export async function writeNewFiles(files: readonly ToWrite[]): Promise<WrittenFile[]> {
  for (const { path } of files) await refuseTaken(path);
  const undo: (() => Promise<void>)[] = [];
  try {
    const written: (WrittenFile & { readonly staged: StagedFile })[] = [];
    for (const { path, content } of files) {
      undo.push(await makeFolder(dirname(path)));
      const staged = await stageBeside(path);
      undo.push(() => staged.discard());
      written.push({ path, staged, ...(await fill(staged, content)) });
    }
    for (const { path, staged } of written) {
      if (!(await staged.place())) throw taken(path);
      undo.push(() => rm(path, { force: true }));
    }
    return written.map(({ path, size, sha256 }) => ({ path, size, sha256 }));
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
}

async function fill(
  staged: StagedFile,
  content: ToWrite['content'],
): Promise<Pick<WrittenFile, 'size' | 'sha256'>> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const block of content) {
    hash.update(block);
    staged.write(block);
    size += block.length;
  }
  await staged.sync();
  return { size, sha256: hash.digest('hex') };
}

/** @returns what takes away the folders that it made, as far as they are empty */
async function makeFolder(path: string): Promise<() => Promise<void>> {
  try {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    return async () => {
      if (first === undefined) return;
      for (let each = path; each.length >= first.length; each = dirname(each)) {
        await rmdir(each).catch(() => {});
      }
    };
  } catch (cause) {
    throw new Failure('file-unwritable', (cause as Error).message, { path }, { cause });
  }
}

async function refuseTaken(path: string): Promise<void> {
  // Whatever else is wrong with the path is told when the file is begun.
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined) throw taken(path);
}

function taken(path: string): Failure {
  return new Failure('file-exists', 'an export never overwrites', { path });
}
