import { limits, systemClock, type Clock } from '@holdfast/base';
import { Retry } from '../retry/retry.ts';
import { RetryingStorage } from '../retry/retrying-storage.ts';
import type { Storage } from '../storage.ts';
import type { Bucket } from './bucket.ts';
import type { S3Probe } from './probe.ts';
import type { S3Reader } from './reader.ts';
import type { ProxyVariables } from './proxy.ts';
import { checkS3Settings, type S3Settings } from './settings.ts';

export interface OpenS3Options {
  readonly clock?: Clock;
  /** A number from 0 to 1, below 1: Math.random. */
  readonly random: () => number;
  /** Where proxies and a default region are looked for: process.env. */
  readonly variables: ProxyVariables;
  /** Told what the user should know of the settings, in a sentence. */
  readonly warn: (message: string) => void;
  /**
   * Ends every request, pause, listing and body within a second; its reason is thrown. What an upload has sent stays, and
   * can be resumed, until its writer is discarded, which still works.
   */
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte after which a request is given up; `limits.s3IdleMs` if not said. */
  readonly idleMs?: number;
}

/**
 * A folder of a bucket as a storage that tries again what fails for a moment. Nothing is asked of the server yet. The
 * AWS SDK is loaded only now, since loading it takes longer than a short command.
 *
 * @throws config-invalid
 */
export async function openS3(settings: S3Settings, options: OpenS3Options): Promise<Storage> {
  const { clock = systemClock, random, signal } = options;
  const bucket = await openBucket(settings, options);
  const { S3Storage } = await import('./s3-storage.ts');
  const retry = new Retry({ clock, random, ...(signal && { signal }) });
  return new RetryingStorage(new S3Storage(bucket, retry), retry);
}

/**
 * A folder of a bucket that others write to, for reading only. Nothing is asked of the server yet.
 *
 * @throws config-invalid
 */
export async function openS3Reader(settings: S3Settings, options: OpenS3Options): Promise<S3Reader> {
  const { clock = systemClock, random, signal } = options;
  const bucket = await openBucket(settings, options);
  const { S3Reader } = await import('./reader.ts');
  return new S3Reader(bucket, new Retry({ clock, random, ...(signal && { signal }) }));
}

/**
 * Tries once what a repository does there: puts, reads, lists, uploads and deletes, and says of each what is wrong; of
 * the server whether it refuses to overwrite, and keeps what is locked.
 *
 * @throws config-invalid
 */
export async function probeS3(settings: S3Settings, options: OpenS3Options): Promise<S3Probe> {
  const bucket = await openBucket(settings, options);
  const { probeBucket } = await import('./probe.ts');
  return probeBucket(bucket, options.clock ?? systemClock);
}

async function openBucket(
  settings: S3Settings,
  { clock = systemClock, variables, warn, signal, idleMs = limits.s3IdleMs }: OpenS3Options,
): Promise<Bucket> {
  checkS3Settings(settings);
  if (settings.skipVerify === true) {
    warn('the certificate of the S3 server is not verified: whoever answers gets and gives all there is');
  }
  const [{ makeClient }, { Bucket }] = await Promise.all([import('./client.ts'), import('./bucket.ts')]);
  return new Bucket(settings, makeClient(settings, variables, idleMs), clock, signal);
}
