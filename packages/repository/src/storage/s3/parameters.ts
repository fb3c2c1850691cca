import type { GetObjectCommandInput, PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { S3Settings } from './settings.ts';

type Encrypted = Pick<
  PutObjectCommandInput,
  'ServerSideEncryption' | 'SSEKMSKeyId' | 'SSECustomerAlgorithm' | 'SSECustomerKey'
>;
type Stored = Encrypted &
  Pick<PutObjectCommandInput, 'StorageClass' | 'ObjectLockMode' | 'ObjectLockRetainUntilDate'>;
type Read = Pick<GetObjectCommandInput, 'SSECustomerAlgorithm' | 'SSECustomerKey'>;

/** How an object that is written now is to be stored. */
export function storedAs(settings: S3Settings, now: Date): Stored {
  const { storageClass } = settings;
  const lock = lockOf(settings, now);
  return {
    ...encryptedAs(settings),
    ...(storageClass === undefined
      ? {}
      : { StorageClass: storageClass as NonNullable<Stored['StorageClass']> }),
    ...(lock === undefined ? {} : { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: lock.until }),
  };
}

/** How and until when what is written now is to be locked, in the server's words. */
export function lockOf(
  { lock }: S3Settings,
  now: Date,
): { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly until: Date } | undefined {
  if (lock === undefined) return undefined;
  const until = 'until' in lock ? lock.until : new Date(now.getTime() + lock.days * 24 * 3_600_000);
  return { mode: lock.mode === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE', until };
}

/** The same of what is no object of the repository: not kept longer than it has to be, and where it is quick to reach. */
export function encryptedAs({ encryption }: Pick<S3Settings, 'encryption'>): Encrypted {
  if (encryption?.kind === 's3') return { ServerSideEncryption: 'AES256' };
  if (encryption?.kind !== 'kms') return customerKey({ encryption });
  const { keyId } = encryption;
  return { ServerSideEncryption: 'aws:kms', ...(keyId === undefined ? {} : { SSEKMSKeyId: keyId }) };
}

/** What every request brings along that touches an object's bytes, where the server keeps no key of its own. */
export function customerKey({ encryption }: Pick<S3Settings, 'encryption'>): Read {
  if (encryption?.kind !== 'customer') return {};
  // The SDK encodes bytes and adds their MD5; its type knows only text.
  return { SSECustomerAlgorithm: 'AES256', SSECustomerKey: encryption.key as unknown as string };
}
