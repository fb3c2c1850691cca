import { randomBytes } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import { Failure, isFailure } from '@holdfast/base';
import type { InitialMember } from '@holdfast/model';
import { openFileSource } from '../bolt/index.ts';
import { verifySnapshotFile } from '../snapshot/index.ts';
import { encodeFirstWal, walFileSize } from '../wal/index.ts';
import { copyHashed } from './copy.ts';
import { editDb, type EditedDb } from './edit-db.ts';
import type { EtcdForm, RevisionBump } from './form.ts';
import { checkFreeSpace } from './free-space.ts';
import { memberJson } from './membership/json.ts';
import { newCluster, type NewCluster, type NewMember } from './membership/new-cluster.ts';
import { encodeSnapFile } from './snap-file.ts';
import { openSnapshotFile, type SnapshotFile } from './source.ts';
import { checkTarget, foldersOf, Staging, type Target } from './staging.ts';
import { newFile, writeFully } from './write-file.ts';

/** What is to be built, and from what. */
export interface BuildOptions {
  /** A snapshot as etcd's own tool writes it, or (with `skipHashCheck`) a db copied off a disk. Only read. */
  readonly file: string;
  /** SHA-256 of the whole file in hexadecimal, where it is known from elsewhere. */
  readonly expectedSha256?: string;
  /** Take a file without a trailer, or with a wrong one; its whole tree is then walked instead. */
  readonly skipHashCheck?: boolean;
  /** A folder that is absent or empty. */
  readonly dataDir: string;
  /** The same, for a log outside of the data directory. */
  readonly walDir?: string;
  /** Which of `members` this is. */
  readonly name: string;
  readonly members: readonly InitialMember[];
  readonly token: string;
  readonly bump: RevisionBump | null;
  /** For which etcd; by the source's own form when absent. */
  readonly form?: EtcdForm;
  readonly signal: AbortSignal;
  /** Told how many bytes of `total` are copied. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What was built. */
export interface BuiltDataDir {
  readonly member: NewMember;
  readonly cluster: NewCluster;
  readonly form: EtcdForm;
  readonly revision: { readonly snapshot: number; readonly restored: number };
  readonly source: { readonly sha256: string; readonly size: number };
  /** Sentences on what a person should know, e.g. an alarm that came with the data. */
  readonly warnings: readonly string[];
}

/**
 * Builds the data directory of one member of a new cluster: membership, log and raft snapshot as `etcdutl snapshot
 * restore` writes them, the data from the snapshot. What was checked is put in its place by one rename; until then,
 * and after any failure, there is nothing that an etcd would start from.
 *
 * @throws Failure data-dir-exists, not-enough-space, file-unreadable, not-a-snapshot, disk-full, file-unwritable;
 *   RangeError when no member has that name; the signal's reason when it is aborted
 */
export async function buildDataDir(options: BuildOptions): Promise<BuiltDataDir> {
  const cluster = newCluster(options.members, options.token);
  const member = cluster.members.find(({ name }) => name === options.name);
  if (member === undefined) throw new RangeError(`no member is called ${options.name}`);
  const target = targetOf(options);
  const snapshot = await openSnapshotFile(options.file);
  let staging: Staging | undefined;
  try {
    const leftovers = await checkTarget(target);
    if (snapshot.trailer === undefined && options.skipHashCheck !== true) {
      throw notASnapshot(
        options.file,
        'it has no SHA-256 at its end, as a db copied off a disk or a cut-off file',
      );
    }
    for (const folder of foldersOf(target)) {
      await checkFreeSpace(folder, folder === target.dataDir ? snapshot.dbSize : 0);
    }
    staging = await Staging.begin(target, randomBytes(8).toString('hex'));
    const { db, sha256 } = await stageDb(join(staging.snapDir, 'db'), snapshot, cluster, options);
    await stageRaft(staging, cluster, member, db.form);
    options.signal.throwIfAborted();
    await staging.publish();
    return {
      member,
      cluster,
      form: db.form,
      revision: db.revision,
      source: { sha256, size: snapshot.size },
      warnings: [...leftovers.map(leftoverWarning), ...alarmWarnings(db.alarms)],
    };
  } catch (error) {
    await staging?.discard();
    throw asFailure(error, options);
  } finally {
    await snapshot.file.close();
  }
}

/** @throws Failure usage when the log would lie in the member's folder, which comes into being in one piece */
function targetOf({ dataDir, walDir }: BuildOptions): Target {
  const within = walDir === undefined ? 'wal' : relative(join(resolve(dataDir), 'member'), resolve(walDir));
  if (walDir === undefined || within === 'wal') return { dataDir };
  if (!within.startsWith('..'))
    throw new Failure('usage', `--wal-dir ${walDir} lies in ${join(dataDir, 'member')}`);
  return { dataDir, walDir };
}

async function stageDb(
  path: string,
  snapshot: SnapshotFile,
  cluster: NewCluster,
  options: BuildOptions,
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
  { file: name, expectedSha256, skipHashCheck, signal, onProgress }: BuildOptions,
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

async function stageRaft(
  staging: Staging,
  cluster: NewCluster,
  member: NewMember,
  form: EtcdForm,
): Promise<void> {
  const snap = encodeSnapFile(cluster);
  await newFile(join(staging.snapDir, snap.name), (file) => writeFully(file, snap.bytes, 0));
  const wal = encodeFirstWal({
    memberId: member.id,
    clusterId: cluster.id,
    voters: cluster.members.map((each) => ({ id: each.id, json: Buffer.from(memberJson(each)) })),
    withConfState: form === '3.5',
  });
  await newFile(staging.walFile, async (file) => {
    await writeFully(file, wal, 0);
    await file.truncate(walFileSize);
  });
}

function notASnapshot(path: string, why: string): Failure {
  return new Failure('not-a-snapshot', why, { path });
}

function leftoverWarning(path: string): string {
  return `${path} is left over from a restore that was cut off: remove it if none is running`;
}

function alarmWarnings(alarms: readonly number[]): string[] {
  const names = ['', 'NOSPACE', 'CORRUPT'];
  return [...new Set(alarms)].map(
    (type) =>
      `The snapshot holds the alarm ${names[type] ?? type}: the cluster will refuse writes until \`etcdctl alarm disarm\``,
  );
}

/** Failures of the system calls above, in the words of the table; everything else is passed on. */
function asFailure(error: unknown, { file, dataDir, signal }: BuildOptions): unknown {
  if (signal.aborted && error === signal.reason) return error;
  if (isFailure(error) || !(error instanceof Error)) return error;
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Failure('disk-full', error.message, { path: path ?? dataDir }, cause);
  }
  if (syscall === 'read') return new Failure('file-unreadable', error.message, { path: file }, cause);
  if (syscall !== undefined)
    return new Failure('file-unwritable', error.message, { path: path ?? dataDir }, cause);
  return error;
}
