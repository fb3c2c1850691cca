import {
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListPartsCommand,
  type Part,
} from '@aws-sdk/client-s3';
import { Failure, isFailure } from '@holdfast/base';
import type { Retry } from '../retry/retry.ts';
import type { Bucket } from './bucket.ts';
import { customerKey } from './parameters.ts';

/** What a listing tells of an object. */
export interface Listed {
  /** In the bucket, the folder included. */
  readonly name: string;
  readonly size: number;
  readonly modifiedAt: Date;
}

/** Every object whose name begins so, page by page, in the order of names' UTF-8 bytes. */
export async function* listNames(bucket: Bucket, retry: Retry, prefix: string): AsyncGenerator<Listed> {
  let token: string | undefined;
  do {
    const page = await retry.run(async () => {
      const command = new ListObjectsV2Command({
        Bucket: bucket.settings.bucket,
        Prefix: prefix,
        // Names of others may hold characters that XML cannot.
        EncodingType: 'url',
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      const found = await bucket.ask('s3:ListBucket', '', (client) => client.send(command));
      checkPage(bucket, found);
      return found;
    });
    for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
      yield { name: decoded(Key, page.EncodingType), size: Size, modifiedAt: LastModified };
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/**
 * Refuses a page that is none, lacks some of what it counts, or ends the listing before its end: what is left out would
 * count as not there.
 */
function checkPage(
  bucket: Bucket,
  { IsTruncated, NextContinuationToken, KeyCount, Contents = [] }: ListObjectsV2CommandOutput,
): void {
  const whole = KeyCount === undefined || KeyCount === Contents.length;
  const ends = IsTruncated === false || (NextContinuationToken ?? '') !== '';
  if (IsTruncated !== undefined && whole && ends) return;
  throw notWhole(bucket);
}

/** Asked again it may be whole: its bytes may have been damaged on the way. */
function notWhole(bucket: Bucket): Failure {
  return new Failure('s3-busy', 'its listing is not whole', { endpoint: bucket.location });
}

/** A large object that somebody has begun and not placed. */
export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly begunAt: Date;
}

/** Every unfinished upload of the repository. */
export async function listUploads(bucket: Bucket): Promise<OpenUpload[]> {
  const found = await uploadsBelow(bucket, bucket.prefix);
  if (found.length > 0 || bucket.prefix === '') return found;
  // MinIO finds uploads by the whole name of their object or by none, not by how it begins.
  try {
    return await uploadsBelow(bucket, '');
  } catch (error) {
    if (isFailure(error, 's3-permission')) return [];
    throw error;
  }
}

async function uploadsBelow(bucket: Bucket, prefix: string): Promise<OpenUpload[]> {
  const found: OpenUpload[] = [];
  let from: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (from !== undefined) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: bucket.settings.bucket,
      ...(prefix === '' ? {} : { Prefix: prefix }),
      ...from,
    });
    const page = await bucket.ask('s3:ListBucketMultipartUploads', '', (client) => client.send(command));
    for (const { Key = '', UploadId = '', Initiated = new Date(0) } of page.Uploads ?? []) {
      const key = bucket.keyOf(Key) ?? bucket.hiddenKeyOf(Key);
      if (key !== undefined) found.push({ key, uploadId: UploadId, begunAt: Initiated });
    }
    if (page.IsTruncated === true && (page.NextKeyMarker ?? '') === '') throw notWhole(bucket);
    from =
      page.IsTruncated === true
        ? { KeyMarker: page.NextKeyMarker ?? '', UploadIdMarker: page.NextUploadIdMarker ?? '' }
        : undefined;
  }
  return found;
}

/** The parts of an upload that have arrived; `no-upload` when it is not there any more. */
export async function listParts(
  bucket: Bucket,
  key: string,
  uploadId: string,
): Promise<Part[] | 'no-upload'> {
  const parts: Part[] = [];
  let marker: string | undefined;
  do {
    const command = new ListPartsCommand({
      ...bucket.named(key),
      ...customerKey(bucket.settings),
      UploadId: uploadId,
      ...(marker === undefined ? {} : { PartNumberMarker: marker }),
    });
    const page = await bucket.ask('s3:ListMultipartUploadParts', key, (client) => client.send(command), [
      'no-upload',
      'absent',
    ]);
    // Of a completed one Ceph says that there is no such key.
    if (page === 'no-upload' || page === 'absent') return 'no-upload';
    parts.push(...(page.Parts ?? []));
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return parts;
}

function decoded(name: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(name.replaceAll('+', ' ')) : name;
}
