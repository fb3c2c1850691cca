import { Failure, isFailure, limits, type Clock } from '@holdfast/base';
import type { EtcdClient } from '../client/index.ts';
import { MalformedStream, SnapshotMessages } from './snapshot-messages.ts';
import { TrailedFile, TrailerMismatch, type TrailedContent } from './trailed-file.ts';
import { youngGarbageCollector } from './young-garbage.ts';

export interface ReceiveOptions {
  readonly endpoint: string;
  /** Stores a block; it may be reused as soon as this has returned or its promise is fulfilled. */
  readonly write: (block: Buffer) => void | Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Receives the snapshot of one member in blocks, byte for byte what `etcdctl snapshot save` writes, with its SHA-256 held
 * against the one that etcd sends behind it. Memory does not depend on its size.
 *
 * @throws Failure etcd-stream-stalled, etcd-stream-broken, etcd-stream-damaged; before the first byte those of
 * EtcdClient; the signal's reason when it is aborted; whatever `write` throws
 */
export async function receiveSnapshot(client: EtcdClient, options: ReceiveOptions): Promise<TrailedContent> {
  const { endpoint, clock } = options;
  let heardAt = clock.monotonic();
  // After a slow disk etcd gets its whole time again.
  const stored = async (writing: Promise<void>): Promise<void> => {
    await writing;
    heardAt = clock.monotonic();
  };
  const write = (block: Buffer): void | Promise<void> => {
    const writing = options.write(block);
    return writing === undefined ? undefined : stored(writing);
  };
  const file = new TrailedFile(write, limits.streamBlockBytes);
  const messages = new SnapshotMessages((bytes, start, end) => file.append(bytes, start, end));
  const [stalled, ended] = [new AbortController(), new AbortController()];
  const collect = youngGarbageCollector();
  let heard = 0;
  const take = (chunk: Buffer): Promise<void> | undefined => {
    messages.read(chunk);
    heard += chunk.length;
    if (heard > limits.streamGarbageBytes) {
      collect();
      heard = 0;
    }
    heardAt = clock.monotonic();
    return file.pending;
  };
  // While a slow disk is waited for, nothing is asked of etcd.
  const silence = (): number => (file.pending === undefined ? clock.monotonic() - heardAt : 0);
  untilSilent(clock, silence, ended.signal).then(
    () => stalled.abort(new Failure('etcd-stream-stalled', silentFor(file.size), { endpoint })),
    () => undefined,
  );
  try {
    await client.snapshot(endpoint, take, AbortSignal.any([options.signal, stalled.signal]));
    if (!messages.atBoundary) throw new MalformedStream('it ends within a message');
    return await file.end();
  } catch (error) {
    // What becomes of the file is the caller's to decide once nobody writes to it.
    await file.pending?.catch(() => undefined);
    throw streamFailure(error, endpoint, file.size);
  } finally {
    ended.abort();
  }
}

/** Resolves once `silence` (milliseconds) reaches the limit; rejects when the signal is aborted first. */
async function untilSilent(clock: Clock, silence: () => number, signal: AbortSignal): Promise<void> {
  for (let left: number = limits.streamStallMs; left > 0; left = limits.streamStallMs - silence()) {
    await clock.sleep(left, signal);
  }
}

function silentFor(received: number): string {
  return `nothing came for ${limits.streamStallMs / 1000} s after ${received} bytes`;
}

function streamFailure(error: unknown, endpoint: string, received: number): unknown {
  if (error instanceof MalformedStream || error instanceof TrailerMismatch) {
    return new Failure('etcd-stream-damaged', error.message, { endpoint }, { cause: error });
  }
  const lost =
    isFailure(error, 'etcd-unreachable') || isFailure(error, 'etcd-refused') || isFailure(error, 'etcd-tls');
  if (!lost || received === 0) return error;
  return new Failure(
    'etcd-stream-broken',
    `${error.why}, after ${received} bytes`,
    { endpoint },
    { cause: error },
  );
}
