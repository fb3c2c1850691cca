import { createHash } from 'node:crypto';
import type { SnapshotEntry } from '../entry.ts';
import { objectFile, snapshotFolder } from '../layout.ts';
import type { Repository } from '../repository.ts';
import { pathOf } from '../storage/path-of.ts';

/** What reading a snapshot again has shown. */
export interface ReadAgain {
  /** Bytes that were read. */
  readonly bytes: number;
  /** What is not as the manifest says; `path` is where, for people. */
  readonly faults: readonly { readonly path: string; readonly why: string }[];
}

/**
 * Reads every stored object of a snapshot again and compares its hash with the manifest, which takes no key. What differs
 * is read once more: what the way there had damaged is not taken for rot.
 *
 * @param onBytes told of each piece that was read; throws to end it
 * @throws what storages throw
 */
export async function readAgain(
  { storage }: Pick<Repository, 'storage'>,
  { cluster, name, manifest }: Pick<SnapshotEntry, 'cluster' | 'name' | 'manifest'>,
  onBytes: (bytes: number) => void,
): Promise<ReadAgain> {
  const faults: { path: string; why: string }[] = [];
  let bytes = 0;
  for (const object of manifest.objects) {
    const key = `${snapshotFolder(cluster.id, name)}/${objectFile(object)}`;
    const path = pathOf(storage, key);
    if ((await storage.stat(key)) === undefined) {
      faults.push({ path, why: `${object.path} is missing` });
      continue;
    }
    const read = async (): Promise<string | undefined> => {
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of storage.read(key)) {
        hash.update(chunk);
        size += chunk.length;
        onBytes(chunk.length);
      }
      bytes += size;
      if (size !== object.size) return `${object.path} has ${size} bytes, its manifest says ${object.size}`;
      const sha256 = hash.digest('hex');
      return sha256 === object.sha256
        ? undefined
        : `${object.path} has SHA-256 ${sha256}, its manifest says ${object.sha256}`;
    };
    const why = (await read()) === undefined ? undefined : await read();
    if (why !== undefined) faults.push({ path, why });
  }
  return { bytes, faults };
}
