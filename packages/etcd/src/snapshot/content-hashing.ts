import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Failure } from '@holdfast/base';
import type { ByteSource } from '../bolt/index.ts';
import { type ContentHashes, hashContent, imageSize } from './content-hash.ts';

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
  if (descriptor === undefined) return hashInTurns(source);
  try {
    return hashInThread(source, descriptor);
  } catch {
    // Refused at once: by a limit on tasks, or by Node's own permissions.
    return hashInTurns(source);
  }
}

/** What the thread is given. The descriptor is the caller's; `done` is shared: MiB hashed so far. */
interface ThreadOrder {
  readonly descriptor: number;
  readonly size: number;
  readonly image: number;
  readonly done: Int32Array<SharedArrayBuffer>;
}

/** What it answers: the hashes, or why the file could not be read. */
type ThreadAnswer = { readonly hashes: ContentHashes } | { readonly unreadable: string };

/**
 * The thread's program. It is passed on as text, which starts sooner and smaller than a module and survives bundling;
 * so it uses nothing but its parameters.
 */
function hashingThread(hash: typeof hashContent): void {
  const { createHash } = process.getBuiltinModule('node:crypto');
  const { readSync } = process.getBuiltinModule('node:fs');
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  const { descriptor, size, image, done } = workerData as ThreadOrder;
  const answer = (answer: ThreadAnswer) => parentPort?.postMessage(answer, []);
  hash(createHash, {
    size,
    image,
    read: (target, position) => readSync(descriptor, target, 0, target.length, position),
    progress: (bytes) => void Atomics.store(done, 0, Math.floor(bytes / 2 ** 20)),
  }).then(
    (hashes) => answer({ hashes }),
    (error: Error) => answer({ unreadable: error.message }),
  );
}

function hashInThread(source: ByteSource, descriptor: number): ContentHashing {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const order: ThreadOrder = { descriptor, size: source.size, image: imageSize(source.size), done };
  const worker = new Worker(`(${hashingThread.toString()})(${hashContent.toString()})`, {
    eval: true,
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  });
  const answer = new Promise<ThreadAnswer>((resolve, reject) => {
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
  const hashes = hashContent(createHash, {
    size: source.size,
    image: imageSize(source.size),
    read: (target, position) => source.read(target, position),
    progress: (bytes) => {
      done = bytes;
      if (done - paused < turnBytes) return undefined;
      paused = done;
      return turn();
    },
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
