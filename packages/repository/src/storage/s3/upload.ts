import { createHash, randomUUID } from 'node:crypto';
import { CompleteMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { Failure, limits } from '@holdfast/base';
import type { Retry } from '../retry/retry.ts';
import { isRetryable, triedEnough } from '../retry/retryable.ts';
import type { ObjectWriter } from '../storage.ts';
import { writeAlone } from './alone.ts';
import { writerField, type Bucket } from './bucket.ts';
import type { Conditions } from './conditions.ts';
import { listParts } from './listing.ts';
import { seeLocked } from './lock.ts';
import { abortUpload, beginUpload } from './open-upload.ts';
import { customerKey, storedAs } from './parameters.ts';
import { partSize } from './part-size.ts';
import { placedWriter } from './placed.ts';
import { headWritten } from './written.ts';

/** What an upload needs of the storage that it belongs to. */
export interface UploadPlace {
  readonly bucket: Bucket;
  readonly conditions: Conditions;
  readonly retry: Retry;
}

/** An upload in parts, and what is known of it. */
interface Upload {
  readonly uploadId: string;
  /** What the finished object bears in its metadata; tells it from that of another writer. */
  readonly writer: string;
  readonly partBytes: number;
  /** By the number of the part. */
  readonly arrived: ReadonlyMap<number, { readonly size: number; readonly etag: string }>;
}

/** Begins an upload, or goes on with one that a writer of the same key was at. */
export async function openUpload(place: UploadPlace, key: string, resume?: string): Promise<ObjectWriter> {
  const { bucket, retry } = place;
  if (resume !== undefined) {
    const found = await findUpload(bucket, key, resume);
    if (found === 'placed') return placedWriter(bucket, retry, key, resume);
    if (found !== undefined) return new S3Writer(place, key, found);
  }
  const { partBytes = limits.s3PartBytes } = bucket.settings;
  const writer = randomUUID();
  const uploadId = await beginUpload(bucket, key, {
    ...storedAs(bucket.settings, bucket.clock.now()),
    Metadata: { [writerField]: writer },
  });
  return new S3Writer(place, key, { uploadId, writer, partBytes, arrived: new Map() });
}

/** What has become of an upload: `placed` when its object is there, undefined when nothing is left of it. */
async function findUpload(
  bucket: Bucket,
  key: string,
  resume: string,
): Promise<Upload | 'placed' | undefined> {
  const [, writer, size, uploadId] = /^([^:]+):([1-9]\d{6,9}):(.+)$/.exec(resume) ?? [];
  if (writer === undefined || size === undefined || uploadId === undefined) return undefined;
  const parts = await listParts(bucket, key, uploadId);
  if (parts === 'no-upload') {
    const found = await bucket.head(key);
    return found !== 'absent' && found.writer === writer ? 'placed' : undefined;
  }
  const arrived = parts.map(
    ({ PartNumber = 0, Size = 0, ETag = '' }) => [PartNumber, { size: Size, etag: ETag }] as const,
  );
  return { uploadId, writer, partBytes: Number(size), arrived: new Map(arrived) };
}

/**
 * A large object on its way into a bucket: parts of one size in a few buffers, several on their way at once, each tried
 * again by itself. Parts that had arrived before a restart are not sent again when their MD5 says that they are the same.
 */
class S3Writer implements ObjectWriter {
  readonly path = undefined;
  readonly #place: UploadPlace;
  readonly #key: string;
  readonly #upload: Upload;
  readonly #flying = new Set<Promise<void>>();
  readonly #spare: Buffer[] = [];
  /** The ETag of each part by its number less one. */
  readonly #etags: string[] = [];
  #part: Buffer;
  #filled = 0;
  #number = 1;
  #size = 0;
  #ended = false;
  /** Amazon wants it of what is locked, be it only by the bucket's own rule; it takes as long as all other hashes together. */
  #withMd5 = false;
  #failure: unknown;
  #outcome: boolean | undefined;

  constructor(place: UploadPlace, key: string, upload: Upload) {
    this.#place = place;
    this.#key = key;
    this.#upload = upload;
    this.#part = Buffer.allocUnsafe(partSize(1, upload.partBytes));
  }

  get resume(): string {
    const { writer, partBytes, uploadId } = this.#upload;
    return `${writer}:${partBytes}:${uploadId}`;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#ended) throw new Error(`${this.#path} is no longer being written`);
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + this.#part.length - this.#filled);
      this.#part.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.#part.length) await this.#ship();
    }
  }

  async sync(): Promise<void> {
    await Promise.all(this.#flying);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async place(): Promise<boolean> {
    if (this.#outcome !== undefined) return this.#outcome;
    // Even an empty object has a part. The last one is shipped once, though placing may be tried again.
    if (!this.#ended && (this.#filled > 0 || this.#number === 1)) await this.#ship();
    this.#ended = true;
    await this.sync();
    this.#spare.length = 0;
    this.#part = Buffer.alloc(0);
    this.#filled = 0;
    const placed = (await this.#place.conditions.complete())
      ? await this.#completeNew()
      : await this.#completeAlone();
    if (!placed) await this.discard();
    this.#outcome = placed;
    return placed;
  }

  async discard(): Promise<void> {
    if (this.#outcome !== undefined) return;
    this.#ended = true;
    // A part that arrives after the end would stay for ever.
    await Promise.allSettled(this.#flying);
    this.#spare.length = 0;
    const { bucket, retry } = this.#place;
    try {
      await retry.run(() => abortUpload(bucket, this.#key, this.#upload.uploadId));
    } catch {
      // Whoever discards has a failure of its own to tell; the rest is removed as stale later.
    }
  }

  /** Sends the part that is being filled, as soon as there is room on the way, and begins the next one. */
  async #ship(): Promise<void> {
    const { parallel = limits.s3Parts } = this.#place.bucket.settings;
    const [number, part, filled] = [this.#number, this.#part, this.#filled];
    while (this.#flying.size >= parallel) await Promise.race(this.#flying);
    if (this.#failure !== undefined) throw this.#failure;
    const flying = this.#carry(number, part, filled).finally(() => this.#flying.delete(flying));
    this.#flying.add(flying);
    this.#size += filled;
    this.#filled = 0;
    this.#number += 1;
    const size = partSize(this.#number, this.#upload.partBytes);
    const spare = this.#spare.pop();
    this.#part = spare?.length === size ? spare : Buffer.allocUnsafe(size);
  }

  /** Sends a part and keeps what came of it; never rejects, since nobody waits for one part alone. */
  async #carry(number: number, part: Buffer, filled: number): Promise<void> {
    try {
      this.#etags[number - 1] = await this.#send(number, part.subarray(0, filled));
      this.#spare.push(part);
    } catch (error) {
      this.#failure ??= error;
    }
  }

  async #send(number: number, body: Buffer): Promise<string> {
    const { bucket, retry } = this.#place;
    const arrived = this.#upload.arrived.get(number);
    this.#withMd5 ||= bucket.settings.lock !== undefined;
    const hasMd5 = arrived !== undefined || this.#withMd5;
    const md5 = hasMd5 ? createHash('md5').update(body).digest() : undefined;
    if (arrived?.size === body.length && arrived.etag === `"${md5?.toString('hex')}"`) return arrived.etag;
    const command = new UploadPartCommand({
      ...this.#named,
      ...customerKey(bucket.settings),
      PartNumber: number,
      Body: body,
      ...(md5 === undefined ? {} : { ContentMD5: md5.toString('base64') }),
    });
    try {
      const part = await retry.run(() =>
        bucket.ask('s3:PutObject', this.#key, (client) => client.send(command), [
          'no-upload',
          ...(hasMd5 ? [] : (['wants-md5'] as const)),
        ]),
      );
      if (part === 'no-upload') throw this.#gone();
      if (part === 'wants-md5') {
        this.#withMd5 = true;
        return await this.#send(number, body);
      }
      if (part.ETag === undefined)
        throw new Failure('s3-refused', 'a part got no ETag', { path: this.#path });
      return part.ETag;
    } catch (error) {
      throw triedEnough(error);
    }
  }

  async #completeNew(): Promise<boolean> {
    const outcome = await this.#complete({ IfNoneMatch: '*' }).catch(async (error: unknown) => {
      // It may have been done, and only the answer been lost.
      if (!isRetryable(error) || !(await this.#isOurs())) throw error;
      return 'taken' as const;
    });
    if (await this.#isOurs()) return true;
    if (outcome === 'no-upload') throw this.#gone();
    if (outcome === 'taken') return false;
    // Completed it was; another's it may be by now.
    await headWritten(this.#place.bucket, this.#place.retry, this.#key);
    return this.#isOurs();
  }

  async #completeAlone(): Promise<boolean> {
    const { bucket, retry } = this.#place;
    const placed = await writeAlone(bucket, retry, this.#key, this.#upload.writer, async () => {
      if ((await this.#complete({})) !== 'no-upload') return;
      // An earlier attempt may have completed it unheard.
      if (!(await this.#isOurs())) throw this.#gone();
    });
    if (placed) await this.#isOurs();
    return placed;
  }

  /** Whether what is under the key is what this writer sent; then it is whole, and locked if it has to be. */
  async #isOurs(): Promise<boolean> {
    const { bucket } = this.#place;
    const found = await bucket.head(this.#key);
    if (found === 'absent' || found.writer !== this.#upload.writer) return false;
    if (found.size !== this.#size) {
      const why = `it has ${found.size} bytes, ${this.#size} were sent`;
      throw new Failure('s3-damaged', why, { path: this.#path, lasting: true });
    }
    await seeLocked(bucket, this.#key, found);
    return true;
  }

  async #complete(condition: { IfNoneMatch?: string }): Promise<object | 'taken' | 'no-upload'> {
    const command = new CompleteMultipartUploadCommand({
      ...this.#named,
      // MinIO looks at what is there before it refuses to overwrite.
      ...customerKey(this.#place.bucket.settings),
      MultipartUpload: { Parts: this.#etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 })) },
      ...condition,
    });
    return this.#place.bucket.ask('s3:PutObject', this.#key, (client) => client.send(command), [
      'taken',
      'no-upload',
    ]);
  }

  #gone(): Failure {
    return new Failure('file-unwritable', 'the unfinished upload was removed', { path: this.#path });
  }

  get #named(): { Bucket: string; Key: string; UploadId: string } {
    return { ...this.#place.bucket.named(this.#key), UploadId: this.#upload.uploadId };
  }

  get #path(): string {
    return this.#place.bucket.path(this.#key);
  }
}
