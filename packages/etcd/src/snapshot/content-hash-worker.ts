import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type ContentHashes, hashContent } from './content-hash.ts';

/** What the worker is given. The descriptor is the caller's; `done` is shared: MiB hashed so far. */
export interface HashOrder {
  readonly descriptor: number;
  readonly size: number;
  readonly done: Int32Array<SharedArrayBuffer>;
}

/** What it answers: the hashes, or why the file could not be read. */
export type HashAnswer = { readonly hashes: ContentHashes } | { readonly unreadable: string };

const { descriptor, size, done } = workerData as HashOrder;
parentPort?.postMessage(await answer());

async function answer(): Promise<HashAnswer> {
  try {
    const read = (target: Uint8Array, position: number) =>
      readSync(descriptor, target, 0, target.length, position);
    const hashes = await hashContent(size, read, (bytes) => {
      Atomics.store(done, 0, Math.floor(bytes / 2 ** 20));
    });
    return { hashes };
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
}
