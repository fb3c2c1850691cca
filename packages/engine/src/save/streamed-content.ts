import { read, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ByteSource } from '@holdfast/etcd/bolt';
import { compressSeekable } from '@holdfast/repository/object';
import { follow, Growth } from './growth.ts';

const readAt = promisify(read);

/** Takes a block, which may be reused once this has returned or its promise is fulfilled. */
export type TakeBlock = (block: Uint8Array) => void | Promise<void>;

/** The content of a snapshot while it comes from etcd, and until the save has ended: followed by encoders, and read by position. */
export interface StreamedContent extends AsyncDisposable {
  /** Takes the next block, in order. */
  readonly write: TakeBlock;
  /** Everything has been written; it can be read by position once this is fulfilled. @throws what writing throws */
  end(): Promise<void>;
  /** Nothing more will come, for this reason, which all who follow are told. */
  fail(error: unknown): void;
  /** All of it in zstd's seekable format from the beginning, as it comes. A chunk is valid until the next one is asked for. */
  compressed(): AsyncIterable<Uint8Array>;
  /** What is there now, by position. It stays readable until the content is disposed of; closing it does nothing. */
  source(): ByteSource;
}

/**
 * The content as the unfinished plain file of a repository on this machine.
 *
 * @param path of the file, to which `write` appends
 */
export async function contentInFile(path: string, write: TakeBlock): Promise<StreamedContent> {
  // Opened at once: the file gets another name when it is placed.
  const file = await open(path);
  const growth = new Growth();
  const source = (): ByteSource => sourceOf(path, file.fd, growth.size);
  const plain = (): AsyncIterable<Uint8Array> =>
    follow(growth, async (target, at) => (await readAt(file.fd, target, 0, target.length, at)).bytesRead);
  return {
    write: growing(growth, write),
    end: async () => growth.end(),
    fail: (error) => growth.fail(error),
    compressed: () => compressSeekable(plain(), { lend: true }),
    source,
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Blocks that come while another is still being written wait for it. */
export function inTurn(write: TakeBlock): TakeBlock {
  let before: Promise<void> | undefined;
  return (block) => {
    const writing = before === undefined ? write(block) : before.then(() => write(block));
    if (writing === undefined) return undefined;
    const own: Promise<void> = writing.finally(() => {
      if (before === own) before = undefined;
    });
    before = own;
    return own;
  };
}

function growing(growth: Growth, write: TakeBlock): TakeBlock {
  return (block) => {
    const { length } = block;
    const writing = write(block);
    if (writing === undefined) return growth.grown(length);
    return writing.then(() => growth.grown(length));
  };
}

function sourceOf(name: string, descriptor: number, size: number): ByteSource {
  return {
    name,
    size,
    descriptor,
    read(target, position) {
      const wanted = Math.max(0, Math.min(target.length, size - position));
      for (let done = 0; done < wanted;) {
        const got = readSync(descriptor, target, done, wanted - done, position + done);
        if (got === 0) return done;
        done += got;
      }
      return wanted;
    },
    close: () => undefined,
  };
}
