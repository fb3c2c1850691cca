import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, isFailure, type Clock } from '@holdfast/base';
import { commitAll, readWalSummary, type CommittedLog } from '@holdfast/etcd/datadir';
import type { Progress } from '../context.ts';
import { appliedIndex } from './applied-index.ts';
import { copyMember, type MemberFiles } from './copy-member.ts';
import { etcdProgram, refuseMisfit, type EtcdProgram } from './program.ts';
import { startSandbox } from './sandbox.ts';
import { positionOf, snapshotOfDb, type MadeSnapshot } from './snapshot-of-db.ts';

export interface SalvageOptions extends MemberFiles {
  /** The etcd that replays the log: a path or a name on the PATH; undefined where there is none. */
  readonly program: string | undefined;
  /** Where the log cannot be replayed: take the db alone, even if the log may hold more. */
  readonly acceptUnreplayed?: boolean;
  /** Takes the copy while it is needed; with room for the data and its log. It must exist. */
  readonly folder: string;
  /** The snapshot file. */
  readonly target: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface SalvagedSnapshot extends MadeSnapshot {
  /** Whether every entry of the log is in it. */
  readonly replayed: boolean;
  /** One sentence: by what, up to where; or why not. */
  readonly why: string;
}

/**
 * Makes a snapshot of all that one stopped member has: its db and every entry of the log behind it, which etcd itself
 * replays on a copy (`--force-new-cluster`). So nothing is missing that it ever acknowledged. The member's own files are
 * only read, and no login is needed. Without a program that fits, the db alone will do where the log holds nothing more.
 *
 * @throws Failure etcd-program-missing, etcd-not-started, etcd-not-stopped; not-a-snapshot when the db is damaged;
 *   file-unreadable, not-enough-space, disk-full, file-unwritable; the signal's reason
 */
export async function salvageSnapshot(options: SalvageOptions): Promise<SalvagedSnapshot> {
  const program = await fittingProgram(options);
  if (isFailure(program)) return await salvageDb(options, program);
  const work = join(options.folder, 'salvage');
  try {
    // Of a salvage that was killed.
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { mode: 0o700 });
    return await replay(options, program, work);
  } catch (error) {
    if (!isFailure(error, 'etcd-not-started') || options.acceptUnreplayed !== true) throw error;
    return await salvageDb(options, error);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The program, or why there is none. */
async function fittingProgram({
  program,
  memberDir,
  signal,
}: SalvageOptions): Promise<EtcdProgram | Failure> {
  const { storageVersion, clusterVersion } = await positionOf(join(memberDir, 'snap', 'db'));
  try {
    if (program === undefined) throw new Failure('etcd-program-missing', 'none was found');
    const found = await etcdProgram(program, signal);
    refuseMisfit(found, storageVersion ?? clusterVersion);
    return found;
  } catch (error) {
    if (isFailure(error, 'etcd-program-missing')) return error;
    throw error;
  }
}

/** Has etcd replay a copy of the log, all of which counts as committed; see commitAll. */
async function replay(
  options: SalvageOptions,
  program: EtcdProgram,
  work: string,
): Promise<SalvagedSnapshot> {
  const { clock, signal, target, onProgress = () => {} } = options;
  const dataDir = join(work, 'data');
  const logFiles = await copyMember(options, dataDir, signal, onProgress);
  // Without a log etcd would take the copy for a member that never ran.
  if (logFiles === 0) throw notStarted('the member has no log', '');
  const log = await commitAll(join(dataDir, 'member', 'wal'), signal);
  await using sandbox = await startSandbox({
    program,
    dataDir,
    folder: work,
    forceNewCluster: true,
    clock,
    signal,
  });
  const applied = await appliedIndex(sandbox.endpoint, signal);
  if (log !== undefined && applied < log.lastIndex) {
    const why = `it applied the log up to entry ${applied} only, and the log ends at ${log.lastIndex}`;
    throw notStarted(why, await sandbox.logTail());
  }
  await sandbox.stop();
  const made = await snapshotOfDb(join(dataDir, 'member', 'snap', 'db'), target, signal, onProgress);
  return { ...made, replayed: true, why: `etcd ${program.version} replayed ${replayedWords(log)}` };
}

function replayedWords(log: CommittedLog | undefined): string {
  if (log === undefined) return 'what it could read of the log';
  const { lastIndex, unmarked } = log;
  return `the log up to entry ${lastIndex}${unmarked === 0 ? '' : `, the last ${unmarked} not yet marked as committed`}`;
}

function notStarted(why: string, log: string): Failure {
  return new Failure('etcd-not-started', why, { member: 'a throw-away server', log });
}

/** @param failure why the log cannot be replayed; thrown where it holds more than the db and the caller minds */
async function salvageDb(options: SalvageOptions, failure: Failure): Promise<SalvagedSnapshot> {
  const { memberDir, walDir, target, signal, acceptUnreplayed, onProgress = () => {} } = options;
  const { consistentIndex } = await positionOf(join(memberDir, 'snap', 'db'));
  const log = await readWalSummary(walDir ?? join(memberDir, 'wal'), signal);
  const isAll = log !== null && log.fault === null && log.lastIndex <= consistentIndex;
  if (!isAll && acceptUnreplayed !== true) throw failure;
  const made = await snapshotOfDb(join(memberDir, 'snap', 'db'), target, signal, onProgress);
  const end =
    log === null || log.fault !== null
      ? 'where the log ends is not known'
      : `the log ends at ${log.lastIndex}`;
  const why = `no etcd replayed the log (${failure.why}); the db goes up to entry ${consistentIndex}, ${end}`;
  return { ...made, replayed: false, why };
}
