import type { FileHandle } from 'node:fs/promises';
import { openFileSource } from '../bolt/index.ts';
import { verifySnapshotFile } from '../snapshot/index.ts';
import type { BuildOptions } from './build.ts';
import { editDb, type EditedDb } from './edit-db.ts';
import type { NewCluster } from './membership/new-cluster.ts';
import { notASnapshot } from './not-a-snapshot.ts';
import type { OpenSnapshot } from './source.ts';
import { newFile } from './write-file.ts';

type StageOptions = Pick<
  BuildOptions,
  'expectedSha256' | 'skipHashCheck' | 'form' | 'bump' | 'signal' | 'onProgress'
>;

/**
 * Makes the db of a member: a proven copy of the snapshot's, edited. Its SHA-256 is that of the whole snapshot, with the trailer.
 *
 * @throws Failure not-a-snapshot; StreamFault
 */
export async function stageDb(
  path: string,
  snapshot: OpenSnapshot,
  cluster: NewCluster,
  options: StageOptions,
): Promise<{ readonly db: EditedDb; readonly sha256: string }> {
  return newFile(path, async (file) => {
    const sha256 = await copyChecked(path, snapshot, file, options);
    const source = openFileSource(path);
    try {
      const { form, bump } = options;
      const edit = { cluster, bump, ...(form !== undefined && { form }) };
      return { db: await editDb({ ...source, name: snapshot.name }, file, edit), sha256 };
    } finally {
      source.close();
    }
  });
}

/** Copies the db and proves the copy: by its hash, or else by a walk through it. Returns the whole's SHA-256. */
async function copyChecked(
  path: string,
  snapshot: OpenSnapshot,
  file: FileHandle,
  { expectedSha256, skipHashCheck, signal, onProgress }: StageOptions,
): Promise<string> {
  const { name, dbSize } = snapshot;
  const hashes = await snapshot.copyTo(file, signal, (done) => onProgress?.(done, dbSize));
  if (expectedSha256 !== undefined && hashes.file !== expectedSha256) {
    throw notASnapshot(name, `its SHA-256 is ${hashes.file}, and ${expectedSha256} was expected`);
  }
  if (hashes.image === hashes.trailer) return hashes.file;
  if (skipHashCheck !== true) {
    const why = `the SHA-256 of its content is ${hashes.image}, and ${hashes.trailer} is noted at its end`;
    throw notASnapshot(name, why);
  }
  await walk(path, name, signal);
  return hashes.file;
}

/** A gap in the history is no reason against the last that there is; a tree that cannot be read is. */
async function walk(path: string, name: string, signal: AbortSignal): Promise<void> {
  const { checks } = await verifySnapshotFile(path, { trailer: 'optional', signal });
  const damage = checks.find(
    ({ check, outcome }) => (check === 'tree' || check === 'records') && outcome === 'failed',
  );
  if (damage !== undefined) throw notASnapshot(name, damage.detail);
}
