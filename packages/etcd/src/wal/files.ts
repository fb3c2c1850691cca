import { readdir } from 'node:fs/promises';

/** One file of a log. */
export interface WalFile {
  readonly name: string;
  /** Files are numbered from 0; the oldest are removed when they are no longer needed. */
  readonly sequence: number;
}

const walName = /^([0-9a-f]{16})-[0-9a-f]{16}\.wal$/;

/**
 * The files of a log in their order. Others are left out as etcd leaves them out (etcd, server/storage/wal/util.go):
 * those that are prepared (`0.tmp`), and what a repair kept (`*.broken`). Empty when there is no such folder.
 */
export async function walFiles(folder: string): Promise<WalFile[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
  return names.toSorted().flatMap((name) => {
    const sequence = walName.exec(name)?.[1];
    return sequence === undefined ? [] : [{ name, sequence: Number.parseInt(sequence, 16) }];
  });
}

/** The first hole in the files' numbers as a sentence, or null. */
export function missingFile(files: readonly WalFile[]): string | null {
  const at = files.findIndex(({ sequence }, i) => i > 0 && sequence !== files[i - 1]!.sequence + 1);
  return at < 0 ? null : `the log goes on with ${files[at]!.name} after ${files[at - 1]!.name}`;
}
