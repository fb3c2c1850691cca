import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openFileSource } from '../bolt/index.ts';
import { integerField } from '../raft/protobuf.ts';
import { missingFile, walFiles } from './files.ts';
import { LogState } from './log-state.ts';
import { readWalFile, type WalFileEnd } from './read-file.ts';
import { encodeRecord } from './records.ts';

/** A log of which every entry counts as committed. */
export interface CommittedLog {
  /** Its last entry, and how many before it were not marked as committed. */
  readonly lastIndex: number;
  readonly unmarked: number;
}

/**
 * Marks every entry of a log as committed, by one more hard state at its end. etcd notes what is committed only with the
 * next entries (raft's MustSync): of a member that was killed, the last entries that it answered for are in its log and
 * not marked, and `--force-new-cluster` throws away what is not (etcd, server/etcdserver/bootstrap.go). Nothing that was
 * acknowledged is lost so; an entry that nobody was given an answer for may come with it.
 *
 * @param folder a copy of the log: it is changed
 * @returns undefined, with nothing changed, when there is no log, or a damaged one
 * @throws Failure file-unreadable; the system's error when it cannot be written; the signal's reason
 */
export async function commitAll(folder: string, signal: AbortSignal): Promise<CommittedLog | undefined> {
  const log = new LogState();
  const last = await readToEnd(folder, log, signal);
  if (last === undefined || log.fault() !== null) return undefined;
  const { lastIndex, commit } = log;
  const unmarked = Math.max(0, lastIndex - commit);
  if (unmarked > 0) await append(last, hardState(Math.max(log.term, log.lastTerm), lastIndex));
  return { lastIndex, unmarked };
}

interface LastFile {
  readonly path: string;
  readonly end: WalFileEnd;
}

/** The last file, once all are read; undefined when there is none, or one is damaged. */
async function readToEnd(folder: string, log: LogState, signal: AbortSignal): Promise<LastFile | undefined> {
  const files = await walFiles(folder);
  if (missingFile(files) !== null) return undefined;
  let last: LastFile | undefined;
  for (const [i, { name }] of files.entries()) {
    const path = join(folder, name);
    using source = openFileSource(path);
    const end = await readWalFile({
      source,
      crc: last?.end.crc,
      isLast: i === files.length - 1,
      take: (type, bytes, from, to) => log.take(type, bytes, from, to),
      signal,
    });
    if (end.fault !== null) return undefined;
    last = { path, end };
  }
  return last;
}

/** raftpb.HardState {1 term, 2 vote, 3 commit}: a vote is of no more use to a member that is alone. */
function hardState(term: number, commit: number): Buffer {
  return Buffer.concat([integerField(1, term), integerField(2, 0), integerField(3, commit)]);
}

/** Writes a state behind the last whole record; what a crash tore there becomes zeros, as etcd itself would have it. */
async function append({ path, end }: LastFile, data: Buffer): Promise<void> {
  const record = encodeRecord({ type: 'state', data }, end.crc);
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    await file.truncate(end.at);
    await file.write(record, 0, record.length, end.at);
    await file.truncate(Math.max(size, end.at + record.length));
  } finally {
    await file.close();
  }
}
