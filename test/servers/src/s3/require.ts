import { orSkip } from '../obtain/or-skip.ts';
import { cephPrograms } from './obtain-ceph.ts';
import { minioCommand } from './obtain-minio.ts';
import type { S3Kind } from './server.ts';

/**
 * Gets an S3 server for a test file, as `describe.skipIf((await s3OrSkip('minio')).skip)(…)`. Where it cannot be had its
 * tests are skipped, with one line that says why; but in CI (CI=true) they fail.
 */
export async function s3OrSkip(kind: S3Kind): Promise<{ readonly skip: boolean }> {
  const get = kind === 'radosgw' ? cephPrograms : minioCommand;
  return orSkip<unknown>(async () => get((line) => console.error(line)));
}
