import { join } from 'node:path';
import { isFailure } from '@holdfast/base';
import { openFileSource } from '../bolt/index.ts';
import { missingFile, walFiles } from './files.ts';
import { LogState, type LogPoint } from './log-state.ts';
import type { LogOwner } from './read-data.ts';
import { readWalFile, type WalFileEnd } from './read-file.ts';

/** What a member's log tells of itself. */
export interface WalSummary {
  /** Whose log it is; null when it could not be read so far. */
  readonly owner: LogOwner | null;
  /** The first and last entry that it holds; `firstIndex` is one more than `lastIndex` when it holds none. */
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** Term of the last entry, or of the snapshot that the log begins behind. */
  readonly lastTerm: number;
  /** Raft's term, and the last entry known to be committed. */
  readonly term: number;
  readonly commit: number;
  /** Raft's snapshots up to there, oldest first. */
  readonly snapshots: readonly LogPoint[];
  /** Where a crash tore it, as "NAME at byte N"; null when it ends as etcd ends it. What was torn off, etcd never answered for. */
  readonly torn: string | null;
  /** What is damaged, and where; what follows was not read. Null when nothing is. */
  readonly fault: string | null;
}

/**
 * Reads the whole log in a folder, and changes nothing. An etcd may write to it meanwhile: then the end may look torn or,
 * seldom, damaged.
 * Formats: etcd, server/storage/wal (wal.go, decoder.go, repair.go).
 * @returns null when there is no log
 * @throws the signal's reason; nothing for damage, which `fault` tells
 */
export async function readWalSummary(folder: string, signal?: AbortSignal): Promise<WalSummary | null> {
  const files = await walFiles(folder);
  if (files.length === 0) return null;
  const log = new LogState();
  let fault = missingFile(files);
  let torn: string | null = null;
  let crc: number | undefined;
  for (const [i, { name }] of files.entries()) {
    if (fault !== null) break;
    const end = await readOne(join(folder, name), {
      crc,
      isLast: i === files.length - 1,
      take: (type, bytes, from, to) => log.take(type, bytes, from, to),
      ...(signal !== undefined && { signal }),
    });
    const place = `${name} at byte ${end.at}`;
    if (end.fault !== null) fault = `${place}: ${end.fault}`;
    if (end.torn) torn = place;
    crc = end.crc;
  }
  const { owner, firstIndex, lastIndex, lastTerm, term, commit } = log;
  const snapshots = log.snapshots.filter(({ index }) => index <= commit);
  fault ??= log.fault();
  return { owner, firstIndex, lastIndex, lastTerm, term, commit, snapshots, torn, fault };
}

async function readOne(
  path: string,
  order: Omit<Parameters<typeof readWalFile>[0], 'source'>,
): Promise<WalFileEnd> {
  try {
    using source = openFileSource(path);
    return await readWalFile({ ...order, source });
  } catch (error) {
    if (!isFailure(error, 'file-unreadable') && !isFailure(error, 'not-a-snapshot')) throw error;
    return { crc: 0, at: 0, torn: false, fault: error.why };
  }
}
