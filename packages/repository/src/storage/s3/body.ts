import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Failure } from '@holdfast/base';
import type { Retry } from '../retry/retry.ts';
import type { ByteRange } from '../storage.ts';
import { sha256Field, writerField, type Bucket } from './bucket.ts';
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
  const total = totalOf(bucket, path, found, 0);
  if (total > limit) {
    drop(found);
    throw new Failure('manifest-damaged', `it has ${total} bytes, a record at most ${limit}`, { path });
  }
  try {
    const content = await collect(found, total);
    const sha256 = found.Metadata?.[sha256Field];
    if (content.length !== total || (sha256 !== undefined && sha256 !== hashOf(content))) throw damaged(path);
    return content;
  } catch (error) {
    throw await bucket.failure(error, action, key);
  }
}

/** A body in its own memory. Of one that is longer than announced only so much that this is seen. */
async function collect({ Body }: GetObjectCommandOutput, announced: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of Body as Readable as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > announced) break;
  }
  return new Uint8Array(Buffer.concat(chunks, length));
}

/** What the first answer told of the object that is read: the later ones must be about the same. */
interface Seen {
  readonly etag: string | undefined;
  readonly writer: string | undefined;
  readonly sha256: string | undefined;
  readonly total: number;
  /** Where the bytes end that are read. */
  readonly end: number;
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
  let seen: Seen | undefined;
  let hash: Hash | undefined;
  if (range.end <= range.start) return;
  while (seen === undefined || at < seen.end) {
    try {
      const found = await ask(bucket, key, { start: at, end: range.end }, seen?.etag);
      if (found === 'absent') throw new Failure('file-unreadable', 'there is no such object', { path });
      if (found === 'beyond' && seen === undefined) return;
      if (found === 'taken' || found === 'beyond') throw replaced(path);
      const now = seenOf(found, totalOf(bucket, path, found, at), range);
      // Some servers tell no ETag, and some take no notice of it.
      if (seen !== undefined && (now.total !== seen.total || now.writer !== seen.writer)) {
        drop(found);
        throw replaced(path);
      }
      if (at === 0 && now.end === now.total && now.sha256 !== undefined) hash = createHash('sha256');
      seen ??= now;
      for await (const chunk of found.Body as Readable as AsyncIterable<Buffer>) {
        const part = chunk.subarray(0, seen.end - at);
        at += part.length;
        failed = 0;
        hash?.update(part);
        if (part.length > 0) yield part;
        if (part.length < chunk.length) break;
      }
      if (at < seen.end) throw Object.assign(new Error('the body is too short'), { code: 'ECONNRESET' });
    } catch (error) {
      if (at === seen?.end) break;
      failed += 1;
      await retry.pause(await bucket.failure(error, action, key), failed);
    }
  }
  if (hash !== undefined && seen.sha256 !== hash.digest('hex')) throw damaged(path, { lasting: true });
}

function seenOf({ ETag, Metadata }: GetObjectCommandOutput, total: number, range: ByteRange): Seen {
  return {
    etag: ETag === '' ? undefined : ETag,
    writer: Metadata?.[writerField],
    sha256: Metadata?.[sha256Field],
    total,
    end: Math.min(total, range.end),
  };
}

/** How long the object is whose bytes from `start` on are in an answer. */
function totalOf(bucket: Bucket, path: string, found: GetObjectCommandOutput, start: number): number {
  const { ContentRange, ContentLength } = found;
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(ContentRange ?? '') ?? [];
  if (first === undefined || last === undefined || total === undefined) {
    // A server that knows no ranges sends all.
    if (start === 0 && ContentLength !== undefined) return ContentLength;
    drop(found);
    const why = start === 0 ? 'it does not tell how long the object is' : 'it gives no part of an object';
    throw new Failure('s3-refused', why, { path, endpoint: bucket.location, action });
  }
  if (Number(first) === start && start <= Number(last) && Number(last) < Number(total)) return Number(total);
  drop(found);
  const why = `instead of the bytes from ${start} on there came ${ContentRange}`;
  throw new Failure('s3-damaged', why, { path });
}

function drop({ Body }: GetObjectCommandOutput): void {
  (Body as Readable | undefined)?.destroy();
}

function replaced(path: string): Failure {
  return new Failure('file-unreadable', 'it was replaced meanwhile', { path });
}

function damaged(path: string, more: { lasting?: boolean } = {}): Failure {
  return new Failure('s3-damaged', 'its SHA-256 is not the one that it was stored with', { path, ...more });
}

/** SHA-256 in lower-case hexadecimal. */
export function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** MD5 as requests bring it along. Amazon wants it of all that a bucket locks; older servers compare only this. */
export function md5Of(content: Uint8Array): string {
  return createHash('md5').update(content).digest('base64');
}
