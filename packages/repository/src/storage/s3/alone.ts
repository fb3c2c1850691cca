import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Failure, limits } from '@holdfast/base';
import type { Retry } from '../retry/retry.ts';
import { hashOf } from './body.ts';
import { hidden, type Bucket } from './bucket.ts';
import { listNames, type Listed } from './listing.ts';
import { encryptedAs } from './parameters.ts';

const attempts = 60;
const pauseMs = 20;

/**
 * Writes a key that is free, on a server that does not refuse to overwrite. Every writer first leaves a marker and then
 * lists those of the key: one who finds only the own marker, and the key still free, may write. Of two whose markers are
 * there at once the second one to list finds the other's; so they cannot both write, as long as listings show what was
 * written before them. Of several the one with the lowest name waits for the others to take theirs back.
 *
 * A marker of a writer that died counts for `limits.s3MarkerAgeMs`. One that slept as long right before its request was
 * sent could still overwrite: against that there is no help without the server's.
 *
 * @param writer what the object that `write` makes bears in `writerField`; no two are equal
 * @returns false when the key is another's
 */
export async function writeAlone(
  bucket: Bucket,
  retry: Retry,
  key: string,
  writer: string,
  write: () => Promise<void>,
): Promise<boolean> {
  const folder = `${hidden}writing/${hashOf(Buffer.from(key))}/`;
  const marker = `${folder}${writer}`;
  let marked: number | undefined;
  try {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const found = await bucket.head(key);
      // Its own it is when the answer to an earlier attempt was lost.
      if (found !== 'absent') return found.writer === writer;
      if (marked === undefined) {
        marked = bucket.clock.monotonic();
        await put(bucket, marker);
      }
      const others = await othersIn(bucket, retry, folder, marker);
      const late = bucket.clock.monotonic() - marked > limits.s3MarkerAgeMs / 2;
      if (others.length === 0 && !late) {
        // Looked at once more: another one may have come and gone before this marker was there.
        const found = await bucket.head(key);
        if (found !== 'absent') return found.writer === writer;
        await write();
        const written = await bucket.head(key);
        return written !== 'absent' && written.writer === writer;
      }
      if (late || others.some((other) => other < marker)) {
        await remove(bucket, marker);
        marked = undefined;
      }
      await bucket.clock.sleep(pauseMs * Math.min(attempt, 10));
    }
  } finally {
    if (marked !== undefined) await remove(bucket, marker).catch(() => undefined);
  }
  throw new Failure('s3-busy', 'other writers are at the same key', { endpoint: bucket.location });
}

/** Whose markers are there beside the own one; those that were left behind are removed. */
async function othersIn(bucket: Bucket, retry: Retry, folder: string, own: string): Promise<string[]> {
  const found: Listed[] = [];
  for await (const each of listNames(bucket, retry, bucket.named(folder).Key)) found.push(each);
  const keyOf = ({ name }: Listed): string => name.slice(bucket.prefix.length);
  const mine = found.find((each) => keyOf(each) === own);
  // Somebody took it for left behind: then it is to be set anew.
  if (mine === undefined) return [''];
  const others: string[] = [];
  for (const each of found) {
    if (each === mine) continue;
    // Both times are the server's.
    const age = mine.modifiedAt.getTime() - each.modifiedAt.getTime();
    if (age > limits.s3MarkerAgeMs) await remove(bucket, keyOf(each));
    else others.push(keyOf(each));
  }
  return others;
}

async function put(bucket: Bucket, key: string): Promise<void> {
  const command = new PutObjectCommand({
    ...bucket.named(key),
    ...encryptedAs(bucket.settings),
    Body: Buffer.alloc(0),
  });
  await bucket.ask('s3:PutObject', key, (client) => client.send(command));
}

async function remove(bucket: Bucket, key: string): Promise<void> {
  const command = new DeleteObjectCommand(bucket.named(key));
  await bucket.ask('s3:DeleteObject', key, (client) => client.send(command));
}
