import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
} from '@aws-sdk/client-s3';
import { Failure } from '@holdfast/base';
import { hidden, type Bucket } from './bucket.ts';

/** How an object that comes in parts is to be stored. */
type StoredAs = Omit<CreateMultipartUploadCommandInput, 'Bucket' | 'Key'>;

/**
 * Begins an upload in parts and returns its name. One that was begun while the signal came is ended again: without its
 * name nobody else could.
 */
export async function beginUpload(bucket: Bucket, key: string, storedAs: StoredAs): Promise<string> {
  const command = new CreateMultipartUploadCommand({ ...bucket.named(key), ...storedAs });
  const { UploadId = '' } = await bucket.askToTheEnd('s3:PutObject', key, (client) => client.send(command));
  // The answer may have been damaged on the way.
  if (UploadId === '') throw new Failure('s3-busy', 'an upload got no name', { endpoint: bucket.location });
  if (bucket.signal?.aborted === true) {
    await abortUpload(bucket, key, UploadId).catch(() => undefined);
    throw bucket.signal.reason;
  }
  return UploadId;
}

/** Ends an upload and removes its parts, also after the signal; `no-upload` when it is not there any more. */
export async function abortUpload(
  bucket: Bucket,
  key: string,
  uploadId: string,
): Promise<object | 'no-upload'> {
  const command = new AbortMultipartUploadCommand({ ...bucket.named(key), UploadId: uploadId });
  return bucket.askToTheEnd('s3:AbortMultipartUpload', key, (client) => client.send(command), ['no-upload']);
}

/**
 * Whether an upload to this key is one of Holdfast's. A bucket tells nobody who began an upload, and may be others' too:
 * so only those that no other program would begin count, the files of snapshots and of keys as docs/format.md has them,
 * and what this storage keeps for itself.
 */
export function isOwnUpload(key: string): boolean {
  return (
    key.startsWith(hidden) ||
    /^clusters\/[^/]+\/snapshots\/[^/]+\/[^/]+$|^keys\/[^/]+$|^holdfast-repository\.json$/.test(key)
  );
}
