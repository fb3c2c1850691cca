import { isFailure } from '@holdfast/base';
import { openImage, readBuckets, type ByteSource } from '@holdfast/etcd/bolt';
import { bucketNames, readRecords } from '@holdfast/etcd/mvcc';
import { readPosition } from '@holdfast/etcd/snapshot';

/** Records that are looked at: what a cluster was made with is among the oldest of it. */
const lookedAt = 2_000;

/** What was found in the first records of a database; without a finding, whether there are no more. */
export interface Looked<T> {
  readonly found: T | undefined;
  readonly all: boolean;
}

/**
 * Looks at the first records of a database until one tells.
 *
 * @param revision at which it must stand: members have their data at the same path, each on its own machine, and what
 *   stands elsewhere may be another one's
 * @returns null where it cannot be read, or is another one
 */
export async function lookThrough<T>(
  open: () => Promise<ByteSource | undefined>,
  revision: number,
  look: (key: string, value: Uint8Array) => T | undefined,
): Promise<Looked<T> | null> {
  let source: ByteSource | undefined;
  try {
    source = await open();
    if (source === undefined || (await readPosition(source)).revision !== revision) return null;
    const image = await openImage(source);
    const bucket = (await readBuckets(image)).get(bucketNames.key);
    if (bucket === undefined) return null;
    let records = 0;
    for await (const { key, value } of readRecords(image, bucket)) {
      const found = look(Buffer.from(key).toString('latin1'), value);
      if (found !== undefined) return { found, all: false };
      if (++records === lookedAt) return { found: undefined, all: false };
    }
    return { found: undefined, all: true };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return null;
  } finally {
    await source?.close();
  }
}
