import type { FileHandle } from 'node:fs/promises';
import { openFileSource } from '../bolt/index.ts';
import { verifySnapshotFile } from '../snapshot/index.ts';
import type { BuildOptions } from './build.ts';
import { copyHashed } from './copy.ts';
import { editDb, type EditedDb } from './edit-db.ts';
import type { NewCluster } from './membership/new-cluster.ts';
import { notASnapshot, type SnapshotFile } from './source.ts';
import { newFile } from './write-file.ts';

type StageOptions = Pick<
  BuildOptions,
  'file' | 'expectedSha256' | 'skipHashCheck' | 'form' | 'bump' | 'signal' | 'onProgress'
>;

/**
 * Makes the db of a member: a proven copy of the snapshot's, edited. Its SHA-256 is that of the whole snapshot file.
 *
 * @throws Failure not-a-snapshot
 */
export async function stageDb(
  path: string,
  snapshot: SnapshotFile,
  cluster: NewCluster,
  options: StageOptions,
): Promise<{ readonly db: EditedDb; readonly sha256: string }> {
  return newFile(path, async (file) => {
    const sha256 = await copyChecked(path, snapshot, file, options);
    const source = openFileSource(path);
    try {
      const { form, bump } = options;
      const edit = { cluster, bump, ...(form !== undefined && { form }) };
      return { db: await editDb({ ...source, name: options.file }, file, edit), sha256 };
    } finally {
      source.close();
    }
  });
}

/** Copies the db and proves the copy: by its hash, or else by a walk through it. Returns the whole file's SHA-256. */
async function copyChecked(
  path: string,
  snapshot: SnapshotFile,
  file: FileHandle,
  { file: name, expectedSha256, skipHashCheck, signal, onProgress }: StageOptions,
): Promise<string> {
  const { size, dbSize, trailer } = snapshot;
  const { copied, whole } = await copyHashed(snapshot.file, file, {
    length: dbSize,
    size,
    name,
    signal,
    onProgress: (done) => onProgress?.(done, dbSize),
  });
  if (expectedSha256 !== undefined && whole !== expectedSha256) {
    throw notASnapshot(name, `its SHA-256 is ${whole}, and ${expectedSha256} was expected`);
  }
  if (copied === trailer) return whole;
  if (skipHashCheck !== true) {
    throw notASnapshot(name, `the SHA-256 of its content is ${copied}, and ${trailer} is noted at its end`);
  }
  await walk(path, name, signal);
  return whole;
}

/** A gap in the history is no reason against the last that there is; a tree that cannot be read is. */
async function walk(path: string, name: string, signal: AbortSignal): Promise<void> {
  const { checks } = await verifySnapshotFile(path, { trailer: 'optional', signal });
  const damage = checks.find(
    ({ check, outcome }) => (check === 'tree' || check === 'records') && outcome === 'failed',
  );
  if (damage !== undefined) throw notASnapshot(name, damage.detail);
}
