import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatHex64, isFailure } from '@holdfast/base';
import type { MemberSight, OldMember } from '@holdfast/model';
import { openFileSource, openImage } from '../bolt/index.ts';
import { readListedMembers, readPosition, type SnapshotPosition } from '../snapshot/index.ts';
import { readWalSummary, walFiles, type WalSummary } from '../wal/index.ts';

/** Where a member keeps its data. */
export interface MemberPlace {
  /** The folder `member` of the data directory. */
  readonly memberDir: string;
  /** The log, where it lies elsewhere than in `memberDir`. */
  readonly walDir?: string;
}

/** What a member's files tell of it: what can be seen of a member without its etcd. */
export type MemberDirSurvey = Omit<
  MemberSight,
  'running' | 'answers' | 'inQuorum' | 'version' | 'undoneRevision'
>;

/** Times that a file is read when an etcd writes to it meanwhile; one commit in 100 ms makes a second one rare. */
const attempts = 3;

const unseen = {
  revision: null,
  appliedIndex: null,
  committedIndex: null,
  lastIndex: null,
  term: null,
  size: null,
  writtenAt: null,
  clusterId: null,
  memberId: null,
  listed: null,
} as const;

/**
 * Looks at a member's database and log, and changes nothing; an etcd may run on them. Of the database only where it stands
 * is read, of the log everything: 64 MB for each of its files.
 * @returns also for a member whose files are damaged, or absent: a file in place of the folder bars it, and is no data
 * @throws only the signal's reason
 */
export async function surveyMemberDir(place: MemberPlace, signal?: AbortSignal): Promise<MemberDirSurvey> {
  const { memberDir, walDir = join(memberDir, 'wal') } = place;
  const db = join(memberDir, 'snap', 'db');
  try {
    const folder = await statOf(memberDir);
    const written = await lastWritten(db, walDir);
    if (folder?.isDirectory() === false || written === null)
      return { data: 'absent', dataFault: '', ...unseen };
    const [position, log] = [await readDb(db), await readLog(walDir, signal)];
    const faults = [position, log].filter((read) => typeof read === 'string');
    return {
      data: faults.length === 0 ? 'readable' : 'damaged',
      dataFault: faults.join('; '),
      ...unseen,
      size: (await statOf(db))?.size ?? null,
      writtenAt: written.toISOString(),
      ...(typeof position !== 'string' && ofDb(position)),
      ...(typeof log !== 'string' && ofLog(log, typeof position === 'string' ? 0 : position.consistentIndex)),
    };
  } catch (error) {
    signal?.throwIfAborted();
    return { data: 'damaged', dataFault: (error as Error).message, ...unseen };
  }
}

function ofDb({ revision, consistentIndex, size, listed }: DbFacts): Partial<MemberDirSurvey> {
  // A database that etcd was about to fill lists nobody, and tells nothing with it.
  return { revision, appliedIndex: consistentIndex, size, listed: listed.length === 0 ? null : [...listed] };
}

/** What is applied was committed, even where the log does not know it yet: etcd notes that with the next entry. */
function ofLog(
  { owner, commit, lastIndex, lastTerm, term }: WalSummary,
  applied: number,
): Partial<MemberDirSurvey> {
  return {
    committedIndex: Math.max(commit, applied),
    // The same of a log that begins behind its snapshot and holds no entry yet.
    lastIndex: Math.max(lastIndex, commit, applied),
    // A log that begins behind entries that are gone, and has none yet, knows only raft's term.
    term: lastTerm === 0 ? term : lastTerm,
    ...(owner !== null && {
      clusterId: formatHex64(owner.clusterId),
      memberId: formatHex64(owner.memberId),
    }),
  };
}

interface DbFacts extends SnapshotPosition {
  readonly listed: readonly OldMember[];
}

/** Where the database stands and whom it lists; or why it cannot be read. */
async function readDb(path: string): Promise<DbFacts | string> {
  if ((await statOf(path)) === null) return 'there is no database';
  let fault = 'etcd changes it faster than it can be read';
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      using source = openFileSource(path);
      const before = await openImage(source);
      const facts = { ...(await readPosition(source)), listed: await readListedMembers(source) };
      // bbolt writes over a page two transactions after the one that gave it up.
      if ((await openImage(source)).meta.transaction === before.meta.transaction) return facts;
    } catch (error) {
      if (!isFailure(error)) throw error;
      fault = error.why;
    }
  }
  return `the database: ${fault}`;
}

/** What the log tells; or why it cannot be read. */
async function readLog(folder: string, signal?: AbortSignal): Promise<WalSummary | string> {
  let fault = '';
  for (let attempt = 0; attempt < attempts; attempt++) {
    const log = await readWalSummary(folder, signal);
    if (log === null) return 'there is no write-ahead log';
    if (log.fault === null) return log;
    // Damage is found at the same place again; what an etcd was about to write is not.
    if (log.fault === fault) break;
    fault = log.fault;
  }
  return `the write-ahead log: ${fault}`;
}

/** When any of the files was last written; null when there is none. */
async function lastWritten(db: string, walDir: string): Promise<Date | null> {
  const paths = [db, ...(await walFiles(walDir)).map(({ name }) => join(walDir, name))];
  const times = await Promise.all(paths.map(async (path) => (await statOf(path))?.mtimeMs));
  const newest = Math.max(...times.map((time) => time ?? -Infinity));
  return Number.isFinite(newest) ? new Date(newest) : null;
}

/** Null when there is nothing; a file where a folder was expected is nothing too. */
async function statOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
