import { Failure, isFailure } from '@holdfast/base';
import type { Retry } from '../retry/retry.ts';
import type { Bucket, Head } from './bucket.ts';

/**
 * What is under a key of which the server has just said that it stored it.
 *
 * @throws s3-damaged when there is nothing, however often it is looked at: so whoever writes knows that it is not written
 */
export async function headWritten(bucket: Bucket, retry: Retry, key: string): Promise<Head> {
  const [path, why] = [bucket.path(key), 'it was stored, and is not there'];
  try {
    return await retry.run(async () => {
      const found = await bucket.head(key);
      if (found === 'absent') throw new Failure('s3-damaged', why, { path });
      return found;
    });
  } catch (error) {
    if (!isFailure(error, 's3-damaged')) throw error;
    throw new Failure('s3-damaged', why, { path, lasting: true }, { cause: error });
  }
}
