import { zstdDecompressSync } from 'node:zlib';
import type { ByteSource } from '@holdfast/etcd/bolt';
import { type SeekEntry, SeekableWriter } from '@holdfast/repository/object';
import { openScratch, type Scratch } from '../scratch/index.ts';
import { follow, Growth } from './growth.ts';
import { inTurn, type StreamedContent } from './streamed-content.ts';

/** What is compressed takes at least this part of its size, as far as the room for it is looked at beforehand. */
const leastPart = 1 / 8;

export interface ScratchContentOptions {
  /** Bytes that are expected. */
  readonly size: number;
  /** Whether all of it will be read by position: then it is kept as it came too, since pages are read in any order. */
  readonly readsAll: boolean;
}

/**
 * The content where nothing plain is to be on a disk: compressed as it comes, in memory, then in a file whose key only this
 * process has.
 *
 * @throws Failure not-enough-space, file-unwritable, disk-full
 */
export async function contentInScratch(
  folder: string,
  { size, readsAll }: ScratchContentOptions,
): Promise<StreamedContent> {
  await using opened = new AsyncDisposableStack();
  const frames = opened.use(await openScratch({ folder, size: Math.floor(size * leastPart) }));
  const plain = readsAll ? opened.use(await openScratch({ folder, size })) : undefined;
  return new ContentInScratch(frames, plain, opened.move());
}

class ContentInScratch implements StreamedContent {
  readonly #frames: Scratch;
  readonly #plain: Scratch | undefined;
  readonly #opened: AsyncDisposableStack;
  readonly #entries: SeekEntry[] = [];
  /** Of the frames. */
  readonly #growth = new Growth();
  readonly #compressor = new SeekableWriter(async (bytes, entry) => {
    if (entry !== undefined) this.#entries.push(entry);
    const { length } = bytes;
    await this.#frames.write(bytes);
    this.#growth.grown(length);
  });

  constructor(frames: Scratch, plain: Scratch | undefined, opened: AsyncDisposableStack) {
    this.#frames = frames;
    this.#plain = plain;
    this.#opened = opened;
  }

  readonly write = inTurn((block) => {
    const kept = this.#plain?.write(block);
    const compressed = this.#compressor.write(block);
    if (kept === undefined || compressed === undefined) return kept ?? compressed;
    return Promise.all([kept, compressed]).then(() => undefined);
  });

  async end(): Promise<void> {
    await this.#compressor.end();
    this.#growth.end();
  }

  fail(error: unknown): void {
    this.#growth.fail(error);
  }

  compressed(): AsyncIterable<Uint8Array> {
    const stored = this.#frames;
    return follow(this.#growth, (target, at) => stored.source('the frames').read(target, at));
  }

  source(): ByteSource {
    const name = 'the snapshot as it came';
    return this.#plain?.source(name) ?? sourceInFrames(name, this.#frames.source(name), [...this.#entries]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}

/** What frames hold by position, a frame at a time: for a few pages. */
function sourceInFrames(name: string, frames: ByteSource, entries: readonly SeekEntry[]): ByteSource {
  const ends = { plain: 0, stored: 0 };
  const places = entries.map(({ plain, stored }) => {
    const place = { ...ends, plainBytes: plain, storedBytes: stored };
    ends.plain += plain;
    ends.stored += stored;
    return place;
  });
  const held = new Map<number, Uint8Array>();
  const opened = async (index: number): Promise<Uint8Array> => {
    const before = held.get(index);
    if (before !== undefined) return before;
    const { stored, storedBytes } = places[index]!;
    const frame = Buffer.allocUnsafe(storedBytes);
    await frames.read(frame, stored);
    const bytes = zstdDecompressSync(frame);
    held.clear();
    held.set(index, bytes);
    return bytes;
  };
  return {
    name,
    size: ends.plain,
    async read(target, position) {
      let done = 0;
      for (let at = position; done < target.length && at < ends.plain; at = position + done) {
        const index = places.findLastIndex(({ plain }) => plain <= at);
        const bytes = await opened(index);
        const part = bytes.subarray(at - places[index]!.plain).subarray(0, target.length - done);
        target.set(part, done);
        done += part.length;
      }
      return done;
    },
    close: () => undefined,
  };
}
