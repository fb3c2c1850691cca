import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Failure } from '@holdfast/base';
import type { ByteSource } from '../bolt/index.ts';
import type { HashAnswer, HashOrder } from './content-hash-worker.ts';
import { type ContentHashes, hashContent } from './content-hash.ts';

/** The hashing of a source under way. */
export interface ContentHashing {
  readonly hashes: Promise<ContentHashes>;
  /** Bytes hashed so far. */
  done(): number;
  /** Ends it and lets go of the source; `hashes` rejects or never settles when it was not done. */
  stop(): Promise<void>;
}

const MiB = 1024 * 1024;
/** Bytes between two turns of the event loop. */
const turnBytes = 4 * MiB;

/**
 * Begins to hash a source. A file is read and hashed by a thread of its own, so that the caller can do other work
 * meanwhile; where no thread can be had, and for another source, it is done in turns with the caller.
 */
export function startHashing(source: ByteSource): ContentHashing {
  const { descriptor } = source;
  return descriptor === undefined ? hashInTurns(source) : hashInWorker(source, descriptor);
}

function hashInWorker(source: ByteSource, descriptor: number): ContentHashing {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const order: HashOrder = { descriptor, size: source.size, done };
  const worker = new Worker(new URL('./content-hash-worker.ts', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  });
  const answer = new Promise<HashAnswer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  let instead: ContentHashing | null = null;
  const hashes = answer.then(
    (answer) => {
      if ('hashes' in answer) return answer.hashes;
      throw new Failure('file-unreadable', answer.unreadable, { path: source.name });
    },
    () => (instead = hashInTurns(source)).hashes,
  );
  return {
    hashes,
    done: () => instead?.done() ?? Atomics.load(done, 0) * MiB,
    stop: async () => {
      await worker.terminate();
      await instead?.stop();
    },
  };
}

function hashInTurns(source: ByteSource): ContentHashing {
  let [done, paused, stopped] = [0, 0, false];
  const turn = async () => {
    await setImmediate();
    if (stopped) throw new Error('the hashing was stopped');
  };
  const read = (target: Uint8Array, position: number) => source.read(target, position);
  const hashes = hashContent(source.size, read, (bytes) => {
    done = bytes;
    if (done - paused < turnBytes) return undefined;
    paused = done;
    return turn();
  });
  return {
    hashes,
    done: () => done,
    stop: async () => {
      stopped = true;
      await hashes.catch(() => undefined);
    },
  };
}
