import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { verifySnapshotFile } from '@holdfast/etcd/snapshot';
import type { SnapshotManifest } from '@holdfast/model';
import { revisionCheck, said, type Answers, type NoLogin } from './questions.ts';

/**
 * What can be told of an etcd that nobody may ask: it has ended, and its db is read instead.
 *
 * @throws Failure not-a-snapshot when the db is damaged; file-unreadable; the signal's reason
 */
export async function answersOnDisk(
  dataDir: string,
  { revision, compactRevision }: SnapshotManifest,
  { noLogin }: NoLogin,
  signal: AbortSignal,
): Promise<Answers> {
  const db = join(dataDir, 'member', 'snap', 'db');
  // The hash that is named does not matter, the point does: at it the db is hashed.
  const at = { revision, compactRevision, hash: 0 };
  const { status, readableKeys, hashKv } = await verifySnapshotFile(db, {
    trailer: 'optional',
    hashKv: at,
    signal,
  });
  if (status === null || readableKeys === null || hashKv === null)
    throw new Failure('not-a-snapshot', 'etcd left a damaged database', { path: db });
  const skipped = `the snapshot has authentication on: ${noLogin}`;
  return {
    checks: [
      said('members', 'skipped', skipped),
      revisionCheck(status.revision, revision),
      said('alarms', 'skipped', skipped),
      said('probe', 'skipped', skipped),
    ],
    keys: readableKeys,
    hashKv: { hashKv },
  };
}
