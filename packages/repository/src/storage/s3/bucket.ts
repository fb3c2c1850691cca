import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Failure, isFailure, type Clock } from '@holdfast/base';
import { isKey } from '../key.ts';
import type { ObjectLock } from '../storage.ts';
import { answerOf, outcomeOf, type Expected } from './answer.ts';
import { endpointOf } from './client.ts';
import { speaksTls } from './connection-fault.ts';
import { clockSkew, requestFailure, type Question } from './failure.ts';
import { customerKey } from './parameters.ts';
import type { S3Settings } from './settings.ts';

/** Names of one's own below the folder; no key begins with a dot. */
export const hidden = '.holdfast/';

/** What the metadata of an object is called that tells who wrote it, and what it is. */
export const writerField = 'holdfast-writer';
export const sha256Field = 'holdfast-sha256';

/** What the server tells of an object. */
export interface Head {
  readonly size: number;
  readonly modifiedAt: Date;
  readonly etag: string | undefined;
  /** Who wrote it, as `writerField` says. */
  readonly writer: string | undefined;
  readonly lock: ObjectLock | undefined;
}

/** One folder of a bucket: names, and requests whose errors are told as failures. */
export class Bucket {
  readonly settings: S3Settings;
  readonly clock: Clock;
  /** As its user would write it. */
  readonly location: string;
  readonly #client: S3Client;
  readonly #endpoint: URL;
  #understood = false;
  #skew: number | undefined;

  constructor(settings: S3Settings, client: S3Client, clock: Clock) {
    this.settings = settings;
    this.clock = clock;
    this.location = `s3://${[settings.bucket, settings.folder ?? ''].filter(Boolean).join('/')}`;
    this.#client = client;
    this.#endpoint = endpointOf(settings);
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        this.#heard(result.response);
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'holdfastHeard' },
    );
  }

  /** Before every name of an object of this folder. */
  get prefix(): string {
    const { folder = '' } = this.settings;
    return folder === '' ? '' : `${folder}/`;
  }

  /** Milliseconds that the server's clock was ahead in its last answer; undefined when it told no time. */
  get skew(): number | undefined {
    return this.#skew;
  }

  /** The bucket's and the object's name for a request. */
  named(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.settings.bucket, Key: `${this.prefix}${key}` };
  }

  /** The object as its user would write it. */
  path(key: string): string {
    return key === '' ? this.location : `${this.location}/${key}`;
  }

  /** The key of an object by its name in the bucket; undefined for what is not the repository's. */
  keyOf(name: string): string | undefined {
    if (!name.startsWith(this.prefix)) return undefined;
    const key = name.slice(this.prefix.length);
    return isKey(key) ? key : undefined;
  }

  /** The same of what is the storage's own, and so bears no key. */
  hiddenKeyOf(name: string): string | undefined {
    return name.startsWith(`${this.prefix}${hidden}`) ? name.slice(this.prefix.length) : undefined;
  }

  /**
   * Sends a request. Its error is thrown as a failure, unless it is an outcome that the caller expects: that is
   * returned.
   *
   * @param action as policies name it
   * @param key of the object it is about; '' for the bucket
   */
  async ask<T extends object, E extends Expected = never>(
    action: string,
    key: string,
    send: (client: S3Client) => Promise<T>,
    expected: readonly E[] = [],
  ): Promise<T | E> {
    try {
      const found = await send(this.#client);
      this.#understood = true;
      return found;
    } catch (error) {
      const answer = answerOf(error);
      const outcome = answer && expected.find((each) => each === outcomeOf(answer));
      if (outcome !== undefined) return outcome;
      throw await this.failure(error, action, key);
    }
  }

  /** An error of a request, or one that came while its answer was read, as a failure. */
  async failure(error: unknown, action: string, key: string): Promise<unknown> {
    const question = await this.#question(action, key);
    const failure = requestFailure(error, question, this.clock.now());
    if (this.#endpoint.protocol !== 'http:' || this.#understood || !isFailure(failure)) return failure;
    // A server that was asked in plain text for TLS breaks off, or answers with something else than XML.
    const strange = failure.code === 's3-unreachable' || answerOf(error)?.named === false;
    if (!strange || !(await speaksTls(this.#endpoint, this.clock))) return failure;
    return new Failure(
      's3-tls',
      'it serves https, and http was asked for',
      { ...question },
      { cause: error },
    );
  }

  async head(key: string): Promise<Head | 'absent'> {
    const object = { ...this.named(key), ...customerKey(this.settings) };
    try {
      const found = await this.ask(
        's3:GetObject',
        key,
        (client) => client.send(new HeadObjectCommand(object)),
        ['absent'],
      );
      return found === 'absent' ? found : headOf(found);
    } catch (error) {
      // Such an answer has no body, and so no reason; one with a body is asked for.
      if (!isFailure(error, 's3-permission') && !isFailure(error, 's3-refused')) throw error;
      const found = await this.ask(
        's3:GetObject',
        key,
        (client) => client.send(new GetObjectCommand({ ...object, Range: 'bytes=0-0' })),
        ['absent', 'beyond'],
      );
      if (found === 'absent') return found;
      if (found !== 'beyond') await found.Body?.transformToByteArray();
      throw error;
    }
  }

  async #question(action: string, key: string): Promise<Question> {
    const { bucket } = this.settings;
    const region = await this.#client.config.region().catch(() => 'none');
    return { action, path: this.path(key), endpoint: this.#endpoint.origin, bucket, region };
  }

  #heard(response: unknown): void {
    const { headers } = response as { headers?: Record<string, string> };
    this.#skew = clockSkew(headers?.['date'], this.clock.now()) ?? this.#skew;
  }
}

function headOf(found: HeadObjectCommandOutput): Head {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = found;
  return {
    size: found.ContentLength ?? 0,
    modifiedAt: found.LastModified ?? new Date(0),
    etag: found.ETag === '' || found.ETag === '""' ? undefined : found.ETag,
    writer: found.Metadata?.[writerField],
    lock:
      mode === undefined || until === undefined
        ? undefined
        : { mode: mode === 'GOVERNANCE' ? 'governance' : 'compliance', until },
  };
}
