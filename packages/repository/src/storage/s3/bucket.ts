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
  readonly legalHold: boolean;
}

/** What a request is sent with. */
export type Sender = Pick<S3Client, 'send'>;

/** Milliseconds that what would be left half done may still take when all else has been ended. */
const graceMs = 1_000;

/** One folder of a bucket: names, and requests whose errors are told as failures. */
export class Bucket {
  readonly settings: S3Settings;
  readonly clock: Clock;
  /** Ends every request; its reason is thrown. */
  readonly signal: AbortSignal | undefined;
  /** As its user would write it. */
  readonly location: string;
  readonly #client: S3Client;
  readonly #endpoint: URL;
  #understood = false;
  #exists = false;
  #skew: number | undefined;

  constructor(settings: S3Settings, client: S3Client, clock: Clock, signal?: AbortSignal) {
    this.settings = settings;
    this.clock = clock;
    this.signal = signal;
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
  ask<T extends object, E extends Expected = never>(
    action: string,
    key: string,
    send: (client: Sender) => Promise<T>,
    expected: readonly E[] = [],
  ): Promise<T | E> {
    return this.#ask({ action, key, send, expected }, this.signal);
  }

  /** The same of what should not be left half done: it goes on for a second after the signal. */
  async askToTheEnd<T extends object, E extends Expected = never>(
    action: string,
    key: string,
    send: (client: Sender) => Promise<T>,
    expected: readonly E[] = [],
  ): Promise<T | E> {
    const [late, done] = [new AbortController(), new AbortController()];
    const wait = (): void => {
      this.clock.sleep(graceMs, done.signal).then(
        () => late.abort(this.signal?.reason),
        () => undefined,
      );
    };
    if (this.signal?.aborted === true) wait();
    else this.signal?.addEventListener('abort', wait, { signal: done.signal });
    try {
      return await this.#ask({ action, key, send, expected }, late.signal);
    } finally {
      done.abort();
    }
  }

  async #ask<T extends object, E extends Expected>(
    request: Asked<T, E>,
    signal: AbortSignal | undefined,
    renewed = false,
  ): Promise<T | E> {
    const { action, key, send, expected } = request;
    try {
      const found = await endedBy(signal, send(this.#sender(signal)));
      this.#understood = this.#exists = true;
      return found;
    } catch (error) {
      const answer = answerOf(error);
      this.#exists ||= answer?.name === 'NoSuchKey';
      this.#understood ||= answer?.named === true;
      const outcome = answer && expected.find((each) => each === outcomeOf(answer));
      if (outcome !== undefined) return outcome;
      const failure = await this.failure(error, action, key);
      if (renewed || !isFailure(failure, 's3-credentials') || !(await this.#renewCredentials()))
        throw failure;
      return this.#ask(request, signal, true);
    }
  }

  #sender(signal: AbortSignal | undefined): Sender {
    if (signal === undefined) return this.#client;
    const send = (command: Parameters<S3Client['send']>[0]): Promise<unknown> =>
      this.#client.send(command, { abortSignal: signal });
    return { send: send as S3Client['send'] };
  }

  /** Whether there are other credentials than those that were used: files and services may have new ones before the old expire. */
  async #renewCredentials(): Promise<boolean> {
    const { credentials } = this.#client.config;
    try {
      const [old, now] = [await credentials(), await credentials({ forceRefresh: true })];
      return !(['accessKeyId', 'secretAccessKey', 'sessionToken'] as const).every(
        (each) => old[each] === now[each],
      );
    } catch {
      return false;
    }
  }

  /** An error of a request, or one that came while its answer was read, as a failure; after the signal its reason. */
  async failure(error: unknown, action: string, key: string): Promise<unknown> {
    if (this.signal?.aborted === true) return this.signal.reason;
    const question = await this.#question(action, key);
    const failure = requestFailure(error, question, this.clock.now());
    // A server that has been understood before is one; what cannot be read was damaged on the way.
    if (this.#understood && isUnreadable(error))
      return new Failure('s3-busy', 'its answer is not whole', { ...question }, { cause: error });
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
      if (found !== 'absent') return headOf(found);
      // It may be the bucket that is not there.
      if (!this.#exists) await this.#askWithReason(key);
      return found;
    } catch (error) {
      if (!isFailure(error, 's3-permission') && !isFailure(error, 's3-refused')) throw error;
      if ((await this.#askWithReason(key)) === 'absent') return 'absent';
      throw error;
    }
  }

  /** The answer to a question for an object's head has no body, and so no reason; the one to this has. */
  async #askWithReason(key: string): Promise<'absent' | 'there'> {
    const object = { ...this.named(key), ...customerKey(this.settings) };
    const command = new GetObjectCommand({ ...object, Range: 'bytes=0-0' });
    const found = await this.ask('s3:GetObject', key, (client) => client.send(command), ['absent', 'beyond']);
    if (found === 'absent') return found;
    if (found !== 'beyond') await found.Body?.transformToByteArray();
    return 'there';
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

/** One question to the server. */
interface Asked<T, E> {
  readonly action: string;
  readonly key: string;
  readonly send: (client: Sender) => Promise<T>;
  readonly expected: readonly E[];
}

/** What is under way, or the reason of the signal as soon as it comes: not all that the SDK does heeds it. */
async function endedBy<T>(signal: AbortSignal | undefined, underWay: Promise<T>): Promise<T> {
  if (signal === undefined) return underWay;
  const over = new AbortController();
  try {
    const ended = new Promise<never>((_resolve, reject) => {
      const end = (): void => reject(signal.reason as Error);
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { signal: over.signal });
    });
    return await Promise.race([underWay, ended]);
  } finally {
    over.abort();
  }
}

/** Whether a server says that it has done what it was asked to, in words that nobody understands. */
function isUnreadable(error: unknown): boolean {
  const answer = answerOf(error);
  return answer !== undefined && !answer.named && answer.status < 300;
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
    legalHold: found.ObjectLockLegalHoldStatus === 'ON',
  };
}
