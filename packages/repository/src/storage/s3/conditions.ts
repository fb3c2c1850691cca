import { CompleteMultipartUploadCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { md5Of } from './body.ts';
import { hidden, type Bucket } from './bucket.ts';
import { abortUpload, beginUpload } from './open-upload.ts';
import { customerKey, encryptedAs } from './parameters.ts';

/** A small object that is there for nothing but this, for ever: with it one request tells what the server does. */
const key = `${hidden}conditions`;

/**
 * Whether the server refuses to overwrite (If-None-Match: *), which some ignore without a word. Tried out before the
 * first write and once, apart for small objects and for uploads in parts: Ceph 16 refuses the one and ignores the other.
 */
export class Conditions {
  readonly #bucket: Bucket;
  #put: Promise<boolean> | undefined;
  #complete: Promise<boolean> | undefined;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  put(): Promise<boolean> {
    this.#put ??= this.#mayTry() ? this.#tryPut() : Promise.resolve(false);
    // A failure says nothing of the server: it is asked again.
    this.#put.catch(() => (this.#put = undefined));
    return this.#put;
  }

  complete(): Promise<boolean> {
    this.#complete ??= this.#mayTry() ? this.#tryComplete() : Promise.resolve(false);
    this.#complete.catch(() => (this.#complete = undefined));
    return this.#complete;
  }

  #mayTry(): boolean {
    return this.#bucket.settings.conditionalWrites !== 'none';
  }

  async #tryPut(): Promise<boolean> {
    const body = Buffer.alloc(0);
    const command = new PutObjectCommand({
      ...this.#bucket.named(key),
      ...encryptedAs(this.#bucket.settings),
      Body: body,
      ContentMD5: md5Of(body),
      IfNoneMatch: '*',
    });
    // The first may be the one that makes the object; the second finds it.
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const outcome = await this.#bucket.ask('s3:PutObject', key, (client) => client.send(command), [
        'taken',
        'unsupported',
      ]);
      if (typeof outcome === 'string') return outcome === 'taken';
    }
    return false;
  }

  async #tryComplete(): Promise<boolean> {
    if (!(await this.put())) return false;
    const [bucket, named] = [this.#bucket, this.#bucket.named(key)];
    const secret = customerKey(bucket.settings);
    const UploadId = await beginUpload(bucket, key, encryptedAs(bucket.settings));
    const upload = { ...named, UploadId };
    try {
      const body = Buffer.from('x');
      const { ETag } = await bucket.ask('s3:PutObject', key, (client) =>
        client.send(
          new UploadPartCommand({ ...upload, ...secret, PartNumber: 1, Body: body, ContentMD5: md5Of(body) }),
        ),
      );
      const complete = new CompleteMultipartUploadCommand({
        ...upload,
        ...secret,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
        IfNoneMatch: '*',
      });
      const outcome = await bucket.ask('s3:PutObject', key, (client) => client.send(complete), [
        'taken',
        'unsupported',
      ]);
      return outcome === 'taken';
    } finally {
      await abortUpload(bucket, key, UploadId).catch(() => undefined);
    }
  }
}
