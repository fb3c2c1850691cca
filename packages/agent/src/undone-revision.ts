import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isFailure } from '@holdfast/base';
import { openFileSource } from '@holdfast/etcd/bolt';
import { readPosition } from '@holdfast/etcd/snapshot';
import { isUndone } from './places.ts';

/**
 * The highest revision in what rolled back restores have put aside in a data directory: clients may have seen it. Of a
 * database that cannot be read none is known.
 *
 * @returns undefined when there is none
 */
export async function undoneRevision(dataDir: string): Promise<number | undefined> {
  const names = await readdir(dataDir).catch(() => []);
  const found = await Promise.all(
    names.filter(isUndone).map(async (name) => revisionOf(join(dataDir, name, 'snap', 'db'))),
  );
  const known = found.filter((revision) => revision !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

async function revisionOf(db: string): Promise<number | undefined> {
  try {
    using source = openFileSource(db);
    return (await readPosition(source)).revision;
  } catch (error) {
    if (isFailure(error)) return undefined;
    throw error;
  }
}
