import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { Retry } from '../retry/retry.ts';
import type { ByteRange } from '../storage.ts';
import { readBody } from './body.ts';
import type { Bucket } from './bucket.ts';
import { listNames } from './listing.ts';
import { customerKey } from './parameters.ts';

/** An object that anybody may have written: its key may be anything that S3 allows. */
export interface S3Object {
  /** Below the folder of the settings. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
}

/** Lists and reads a folder of a bucket, whoever wrote to it and however its keys are spelt. It never writes. */
export class S3Reader {
  readonly location: string;
  readonly #bucket: Bucket;
  readonly #retry: Retry;

  constructor(bucket: Bucket, retry: Retry) {
    this.location = bucket.location;
    this.#bucket = bucket;
    this.#retry = retry;
  }

  /** Every object below the folder, page by page. @throws the `s3-` failures */
  async *list(): AsyncGenerator<S3Object> {
    const { prefix } = this.#bucket;
    for await (const { name, size, modifiedAt } of listNames(this.#bucket, this.#retry, prefix)) {
      yield { key: name.slice(prefix.length), size, modifiedAt };
    }
  }

  /**
   * The bytes of an object, or of a part of it. After a lost connection it goes on where it was.
   *
   * @throws file-unreadable when there is none or it is replaced meanwhile; the `s3-` failures
   */
  read(key: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
    return readBody(this.#bucket, this.#retry, key, range);
  }

  /** What its writer has put into an object's metadata, names in lower case; nothing when it is gone. */
  async metadata(key: string): Promise<Readonly<Record<string, string>>> {
    const command = new HeadObjectCommand({
      ...this.#bucket.named(key),
      ...customerKey(this.#bucket.settings),
    });
    const found = await this.#retry.run(() =>
      this.#bucket.ask('s3:GetObject', key, (client) => client.send(command), ['absent']),
    );
    return found === 'absent' ? {} : (found.Metadata ?? {});
  }
}
