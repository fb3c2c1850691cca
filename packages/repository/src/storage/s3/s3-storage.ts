import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Failure } from '@holdfast/base';
import { checkKey } from '../key.ts';
import type { Retry } from '../retry/retry.ts';
import { isRetryable } from '../retry/retryable.ts';
import type { ByteRange, ObjectWriter, Storage, StoredObject } from '../storage.ts';
import { writeAlone } from './alone.ts';
import { getBody, hashOf, md5Of, readBody } from './body.ts';
import { hidden, sha256Field, writerField, type Bucket } from './bucket.ts';
import { Conditions } from './conditions.ts';
import { listNames, listParts, listUploads, type OpenUpload } from './listing.ts';
import { seeLocked } from './lock.ts';
import { abortUpload, isOwnUpload } from './open-upload.ts';
import { storedAs } from './parameters.ts';
import { openUpload } from './upload.ts';
import { headWritten } from './written.ts';

/**
 * A folder of a bucket as a storage. What is one request or a few is done once, and left to the caller to try again
 * (RetryingStorage); bodies, listings and uploads go on by themselves.
 */
export class S3Storage implements Storage {
  readonly location: string;
  readonly #bucket: Bucket;
  readonly #retry: Retry;
  readonly #conditions: Conditions;

  constructor(bucket: Bucket, retry: Retry) {
    this.location = bucket.location;
    this.#bucket = bucket;
    this.#retry = retry;
    this.#conditions = new Conditions(bucket);
  }

  async put(key: string, content: Uint8Array): Promise<boolean> {
    checkKey(key);
    const writer = randomUUID();
    const placed = (await this.#conditions.put())
      ? await this.#putNew(key, content, writer)
      : await writeAlone(this.#bucket, this.#retry, key, writer, async () => {
          await this.#send(key, content, writer, {});
        });
    if (!placed) return false;
    const found = await headWritten(this.#bucket, this.#retry, key);
    // Another's it may be by now; what is ours must be whole.
    if (found.writer !== writer) return true;
    if (found.size !== content.length) {
      const why = `it has ${found.size} bytes, ${content.length} were sent`;
      throw new Failure('s3-damaged', why, { path: this.#bucket.path(key), lasting: true });
    }
    await seeLocked(this.#bucket, key, found);
    return true;
  }

  async create(key: string, resume?: string): Promise<ObjectWriter> {
    checkKey(key);
    const place = { bucket: this.#bucket, conditions: this.#conditions, retry: this.#retry };
    return openUpload(place, key, resume);
  }

  async get(key: string, limit: number): Promise<Uint8Array | undefined> {
    return getBody(this.#bucket, checkKey(key), limit);
  }

  async *read(key: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
    yield* readBody(this.#bucket, this.#retry, checkKey(key), range);
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    const found = await this.#bucket.head(checkKey(key));
    if (found === 'absent') return undefined;
    const { size, modifiedAt, lock, legalHold } = found;
    const locked = { ...(lock && { lock }), ...(legalHold && { legalHold }) };
    return { key, size, modifiedAt, ...locked };
  }

  async *list(folder: string): AsyncGenerator<StoredObject> {
    const prefix = folder === '' ? this.#bucket.prefix : `${this.#bucket.named(checkKey(folder)).Key}/`;
    for await (const { name, size, modifiedAt } of listNames(this.#bucket, this.#retry, prefix)) {
      const key = this.#bucket.keyOf(name);
      if (key !== undefined) yield { key, size, modifiedAt };
    }
  }

  /** In a bucket with versions the object only becomes hidden; those who may, can bring it back. */
  async delete(key: string): Promise<boolean> {
    // The server does not tell whether there was one.
    if ((await this.#bucket.head(checkKey(key))) === 'absent') return false;
    const command = new DeleteObjectCommand(this.#bucket.named(key));
    await this.#bucket.ask('s3:DeleteObject', key, (client) => client.send(command));
    return true;
  }

  async isEmpty(): Promise<boolean> {
    const { prefix } = this.#bucket;
    for await (const { name } of listNames(this.#bucket, this.#retry, prefix)) {
      // Consoles make an object with the folder's own name, to show the folder.
      if (name !== prefix && !name.startsWith(`${prefix}${hidden}`)) return false;
    }
    return true;
  }

  async removeStale(before: Date): Promise<number> {
    // The times of uploads are the server's, whose clock may be another.
    const uploads = await listUploads(this.#bucket);
    const limit = before.getTime() + (this.#bucket.skew ?? 0);
    let removed = 0;
    for (const upload of uploads) {
      if (!isOwnUpload(upload.key) || upload.begunAt.getTime() >= limit) continue;
      if (!(await this.#isIdle(upload, limit))) continue;
      this.#bucket.signal?.throwIfAborted();
      if ((await abortUpload(this.#bucket, upload.key, upload.uploadId)) !== 'no-upload') removed += 1;
    }
    return removed;
  }

  localPath(key: string): undefined {
    checkKey(key);
  }

  /** Whether no part of an upload has arrived since a time of the server's in milliseconds. */
  async #isIdle({ key, uploadId }: OpenUpload, since: number): Promise<boolean> {
    const parts = await listParts(this.#bucket, key, uploadId);
    return parts !== 'no-upload' && parts.every(({ LastModified }) => (LastModified?.getTime() ?? 0) < since);
  }

  async #putNew(key: string, content: Uint8Array, writer: string): Promise<boolean> {
    try {
      return (await this.#send(key, content, writer, { IfNoneMatch: '*' })) !== 'taken';
    } catch (error) {
      // It may have been done, and only the answer been lost.
      const found = isRetryable(error) ? await this.#bucket.head(key) : 'absent';
      if (found !== 'absent' && found.writer === writer) return true;
      throw error;
    }
  }

  async #send(
    key: string,
    content: Uint8Array,
    writer: string,
    condition: { IfNoneMatch?: string },
  ): Promise<object | 'taken'> {
    const command = new PutObjectCommand({
      ...this.#bucket.named(key),
      ...storedAs(this.#bucket.settings, this.#bucket.clock.now()),
      ...condition,
      Body: content,
      ContentMD5: md5Of(content),
      Metadata: { [writerField]: writer, [sha256Field]: hashOf(content) },
    });
    return this.#bucket.ask('s3:PutObject', key, (client) => client.send(command), ['taken']);
  }
}
