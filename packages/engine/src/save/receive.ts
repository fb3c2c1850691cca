import { isFailure, Failure } from '@holdfast/base';
import type { ByteSource } from '@holdfast/etcd/bolt';
import type { EtcdClient } from '@holdfast/etcd/client';
import { readPosition, trailerSize, type SnapshotPosition } from '@holdfast/etcd/snapshot';
import { receiveSnapshot, type TrailedContent } from '@holdfast/etcd/stream';
import type { VerbContext } from '../context.ts';
import type { TakeBlock } from './streamed-content.ts';

/** From whom, and how much is expected. */
interface Sender {
  readonly client: EtcdClient;
  readonly endpoint: string;
  /** Bytes. */
  readonly databaseSize: number;
}

/** Receives the snapshot of a member, and tells how far it is. @throws as receiveSnapshot */
export async function receive(
  { clock, signal, onProgress }: VerbContext,
  { client, endpoint, databaseSize }: Sender,
  take: TakeBlock,
): Promise<TrailedContent> {
  const total = databaseSize + trailerSize;
  let done = 0;
  const write = (block: Buffer): void | Promise<void> => {
    done += block.length;
    onProgress?.({ phase: 'stream', done, total: Math.max(done, total) });
    return take(block);
  };
  return await receiveSnapshot(client, { endpoint, write, clock, signal });
}

/** A stream whose hash is right and that is no database was damaged before etcd read it from its own disk. */
export async function positionIn(source: ByteSource, endpoint: string): Promise<SnapshotPosition> {
  try {
    return await readPosition(source);
  } catch (cause) {
    if (!isFailure(cause, 'not-a-snapshot')) throw cause;
    throw new Failure('etcd-stream-damaged', cause.why, { endpoint }, { cause });
  }
}
