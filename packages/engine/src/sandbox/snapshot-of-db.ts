import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import { openFileSource } from '@holdfast/etcd/bolt';
import { readPosition, verifySnapshotFile, type SnapshotPosition } from '@holdfast/etcd/snapshot';
import { stageBeside, type StagedFile } from '@holdfast/repository';
import type { Progress } from '../context.ts';

/** A snapshot file that was made. */
export interface MadeSnapshot {
  /** Of the whole file, hexadecimal. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly revision: number;
}

const blockBytes = 1024 * 1024;

/**
 * Makes a snapshot of a member's db that no etcd has open, as etcd would have sent it: the pages in use and their SHA-256
 * behind them (etcd, server/etcdserver/api/v3rpc/maintenance.go, Snapshot). It is for this user only, forced to the disk
 * and proven whole before it gets its name; one of before is replaced.
 *
 * @throws Failure not-a-snapshot when the db is damaged, file-unreadable, disk-full, file-unwritable; the signal's reason
 */
export async function snapshotOfDb(
  db: string,
  target: string,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<MadeSnapshot> {
  const { size: imageBytes, revision } = await positionOf(db);
  const file = await stageBeside(target);
  try {
    const content = await copyWithTrailer(db, imageBytes, file, signal, onProgress);
    await file.sync();
    await prove(file.path, content, db, signal, onProgress);
    await rm(target, { force: true });
    if (!(await file.place())) {
      throw new Failure('file-exists', 'somebody else has made it at this moment', { path: target });
    }
    return { ...content, revision };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/**
 * Where a db stands that no etcd has open.
 *
 * @throws Failure not-a-snapshot, file-unreadable
 */
export async function positionOf(db: string): Promise<SnapshotPosition> {
  using source = openFileSource(db);
  return await readPosition(source);
}

async function copyWithTrailer(
  db: string,
  imageBytes: number,
  file: StagedFile,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  let done = 0;
  try {
    for await (const chunk of createReadStream(db, { end: imageBytes - 1, highWaterMark: blockBytes })) {
      signal.throwIfAborted();
      const block = chunk as Buffer;
      hash.update(block);
      file.write(block);
      done += block.length;
      onProgress({ phase: 'snapshot', done, total: imageBytes });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== 'read') throw error;
    throw new Failure('file-unreadable', (error as Error).message, { path: db }, { cause: error });
  }
  const trailer = hash.copy().digest();
  file.write(trailer);
  return { sha256: hash.update(trailer).digest('hex'), size: done + trailer.length };
}

async function prove(
  path: string,
  expected: { sha256: string; size: number },
  db: string,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<void> {
  const { checks } = await verifySnapshotFile(path, {
    expected,
    signal,
    onProgress: (done, total) => onProgress({ phase: 'verify', done, total }),
  });
  const failed = checks.filter((each) => each.outcome === 'failed');
  if (failed.length === 0) return;
  const why = failed.map((each) => `${each.check}: ${each.detail}`).join('; ');
  throw new Failure('not-a-snapshot', why, { path: db });
}
