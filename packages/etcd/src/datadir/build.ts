import { randomBytes } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import type { InitialMember } from '@holdfast/model';
import { encodeFirstWal, walFileSize } from '../wal/index.ts';
import type { EtcdForm, RevisionBump } from './form.ts';
import { checkFreeSpace } from './free-space.ts';
import { memberJson } from './membership/json.ts';
import { newCluster, type NewCluster, type NewMember } from './membership/new-cluster.ts';
import { StreamFault } from './copy-stream.ts';
import { encodeSnapFile } from './snap-file.ts';
import { notASnapshot } from './not-a-snapshot.ts';
import { openSnapshot, type OpenSnapshot, type SnapshotSource } from './source.ts';
import { stageDb } from './stage-db.ts';
import { checkTarget, foldersOf, Staging, type Target } from './staging.ts';
import { newFile, writeFully } from './write-file.ts';

/** What is to be built, and from what. */
export interface BuildOptions {
  /** A snapshot as etcd's own tool writes it, or (with `skipHashCheck`) a db copied off a disk. */
  readonly source: SnapshotSource;
  /** SHA-256 of the whole in hexadecimal, where it is known from elsewhere. */
  readonly expectedSha256?: string;
  /** Take one without a trailer, or with a wrong one; its whole tree is then walked instead. */
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
 *   RangeError when no member has that name; the signal's reason when it is aborted; what a stream throws, as it is
 */
export async function buildDataDir(options: BuildOptions): Promise<BuiltDataDir> {
  const cluster = newCluster(options.members, options.token);
  const member = cluster.members.find(({ name }) => name === options.name);
  if (member === undefined) throw new RangeError(`no member is called ${options.name}`);
  const target = targetOf(options);
  const snapshot = await openSnapshot(options.source);
  let staging: Staging | undefined;
  try {
    const leftovers = await checkTarget(target);
    if (snapshot.dbSize === snapshot.size && options.skipHashCheck !== true) {
      throw notASnapshot(
        snapshot.name,
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
      warnings: [
        ...leftovers.map(leftoverWarning),
        ...alarmWarnings(db.alarms),
        ...downgradeWarnings(db.downgrade),
      ],
    };
  } catch (error) {
    // What cannot be removed is told of by the next restore; why this one failed matters more.
    await staging?.discard().catch(() => {});
    throw asFailure(error, snapshot, options);
  } finally {
    await snapshot.close();
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

function downgradeWarnings(target: string | null): string[] {
  if (target === null) return [];
  return [
    `The snapshot was taken during a downgrade to ${target}: the new cluster is not being downgraded, order it anew`,
  ];
}

/** Failures of the system calls above, in the words of the table; everything else is passed on. */
function asFailure(error: unknown, { name }: OpenSnapshot, { dataDir, signal }: BuildOptions): unknown {
  if (error instanceof StreamFault) return error.cause;
  if (signal.aborted && error === signal.reason) return error;
  if (isFailure(error) || !(error instanceof Error)) return error;
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Failure('disk-full', error.message, { path: path ?? dataDir }, cause);
  }
  if (syscall === 'read') return new Failure('file-unreadable', error.message, { path: name }, cause);
  if (syscall !== undefined)
    return new Failure('file-unwritable', error.message, { path: path ?? dataDir }, cause);
  return error;
}
