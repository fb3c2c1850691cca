import { createHash } from 'node:crypto';
import type { Retry } from '../retry/retry.ts';
import type { ObjectWriter } from '../storage.ts';
import { readBody } from './body.ts';
import type { Bucket } from './bucket.ts';
import { seeLocked } from './lock.ts';

/**
 * The writer of an object that is there already: its upload was completed and nobody heard of it. What is written once
 * more is only compared with the object, which is read back for it when it is placed.
 *
 * @param resume what the writer that made the object called itself
 */
export function placedWriter(bucket: Bucket, retry: Retry, key: string, resume: string): ObjectWriter {
  const written = createHash('sha256');
  let [size, outcome]: [number, boolean | undefined] = [0, undefined];
  const isSame = async (): Promise<boolean> => {
    const found = await bucket.head(key);
    if (found === 'absent' || found.size !== size) return false;
    const stored = createHash('sha256');
    for await (const chunk of readBody(bucket, retry, key)) stored.update(chunk);
    if (!stored.digest().equals(written.copy().digest())) return false;
    // That may be what nobody came to.
    await seeLocked(bucket, key, found);
    return true;
  };
  return {
    path: undefined,
    resume,
    write(chunk) {
      written.update(chunk);
      size += chunk.length;
    },
    sync: () => Promise.resolve(),
    async place() {
      outcome ??= await isSame();
      return outcome;
    },
    discard: () => Promise.resolve(),
  };
}
