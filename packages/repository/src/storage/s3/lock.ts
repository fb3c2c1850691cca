import { PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { Failure, isFailure } from '@holdfast/base';
import type { Bucket, Head } from './bucket.ts';
import { lockOf } from './parameters.ts';

/**
 * Sees to it that what was just written is locked as it was asked to be: Ceph 16 forgets the lock of uploads in parts.
 *
 * @throws s3-no-lock when the server does not lock it even when it is asked for nothing else
 */
export async function seeLocked(bucket: Bucket, key: string, found: Head): Promise<void> {
  const lock = lockOf(bucket.settings, bucket.clock.now());
  if (lock === undefined || found.lock !== undefined) return;
  const command = new PutObjectRetentionCommand({
    ...bucket.named(key),
    Retention: { Mode: lock.mode, RetainUntilDate: lock.until },
  });
  const none = (why: string): Failure => new Failure('s3-no-lock', why, { bucket: bucket.settings.bucket });
  try {
    await bucket.ask('s3:PutObjectRetention', key, (client) => client.send(command));
  } catch (error) {
    throw isFailure(error, 's3-refused') ? none(error.why) : error;
  }
  const after = await bucket.head(key);
  if (after !== 'absent' && after.lock === undefined) throw none('it takes the lock and does not keep it');
}
