import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Failure } from '@holdfast/base';
import type { Retry } from '../retry/retry.ts';
import type { ByteRange } from '../storage.ts';
import { sha256Field, type Bucket } from './bucket.ts';
import { customerKey } from './parameters.ts';

const action = 's3:GetObject';

/** An object's bytes from `start` up to and without `end`; `beyond` when it has none there. */
async function ask(
  bucket: Bucket,
  key: string,
  { start, end }: ByteRange,
  etag?: string,
): Promise<GetObjectCommandOutput | 'absent' | 'beyond' | 'taken'> {
  const command = new GetObjectCommand({
    ...bucket.named(key),
    ...customerKey(bucket.settings),
    // Asked for even when it is all: the answer then tells the whole length beside that of the body.
    Range: `bytes=${start}-${Number.isFinite(end) ? end - 1 : ''}`,
    ...(etag === undefined ? {} : { IfMatch: etag }),
  });
  return bucket.ask(action, key, (client) => client.send(command), ['absent', 'beyond', 'taken']);
}

/** A small object, compared with the SHA-256 that it was stored with; undefined when there is none. */
export async function getBody(bucket: Bucket, key: string, limit: number): Promise<Uint8Array | undefined> {
  const path = bucket.path(key);
  const found = await ask(bucket, key, { start: 0, end: limit + 1 });
  if (found === 'absent') return undefined;
  if (found === 'beyond' || found === 'taken') return new Uint8Array();
  const { total } = spanOf(found, 0);
  if (total > limit) {
    await drop(found);
    throw new Failure('manifest-damaged', `it has ${total} bytes, a record at most ${limit}`, { path });
  }
  try {
    const content = (await found.Body?.transformToByteArray()) ?? new Uint8Array();
    const sha256 = found.Metadata?.[sha256Field];
    if (content.length !== total || (sha256 !== undefined && sha256 !== hashOf(content))) throw damaged(path);
    return content;
  } catch (error) {
    throw await bucket.failure(error, action, key);
  }
}

/**
 * The bytes of an object, or of a part of it. When the connection is lost in between it goes on where it was, as long as
 * the object is the same; what was stored with a SHA-256 is compared with it when all was read.
 */
export async function* readBody(
  bucket: Bucket,
  retry: Retry,
  key: string,
  range: ByteRange = { start: 0, end: Infinity },
): AsyncGenerator<Uint8Array> {
  const path = bucket.path(key);
  let [at, failed] = [range.start, 0];
  let etag: string | undefined;
  let hash: Hash | undefined;
  if (range.end <= range.start) return;
  for (;;) {
    try {
      const found = await ask(bucket, key, { start: at, end: range.end }, etag);
      if (found === 'absent') throw new Failure('file-unreadable', 'there is no such object', { path });
      if (found === 'taken') throw new Failure('file-unreadable', 'it was replaced meanwhile', { path });
      if (found === 'beyond') return;
      const { end, total } = spanOf(found, at);
      const sha256 = found.Metadata?.[sha256Field];
      if (at === 0 && end === total && sha256 !== undefined) hash = createHash('sha256');
      etag ??= found.ETag === '' ? undefined : found.ETag;
      for await (const chunk of found.Body as Readable as AsyncIterable<Buffer>) {
        at += chunk.length;
        failed = 0;
        hash?.update(chunk);
        yield chunk;
      }
      if (at !== end) throw Object.assign(new Error('the body is too short'), { code: 'ECONNRESET' });
      if (hash !== undefined && sha256 !== hash.digest('hex')) throw damaged(path, { lasting: true });
      return;
    } catch (error) {
      failed += 1;
      await retry.pause(await bucket.failure(error, action, key), failed);
    }
  }
}

/** Where the body of an answer ends in its object, and how long that is. */
function spanOf(
  { ContentRange, ContentLength = 0 }: GetObjectCommandOutput,
  start: number,
): { end: number; total: number } {
  const [, last, total] = /^bytes \d+-(\d+)\/(\d+)$/.exec(ContentRange ?? '') ?? [];
  // A server that knows no ranges sends all.
  if (last === undefined || total === undefined) return { end: start + ContentLength, total: ContentLength };
  return { end: Number(last) + 1, total: Number(total) };
}

async function drop({ Body }: GetObjectCommandOutput): Promise<void> {
  (Body as Readable | undefined)?.destroy();
}

function damaged(path: string, more: { lasting?: boolean } = {}): Failure {
  return new Failure('s3-damaged', 'its SHA-256 is not the one that it was stored with', { path, ...more });
}

/** SHA-256 in lower-case hexadecimal. */
export function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
