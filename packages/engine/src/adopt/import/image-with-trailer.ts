import { createHash } from 'node:crypto';
import type { ByteSource } from '@holdfast/etcd/bolt';
import type { ContentHashes } from '@holdfast/etcd/snapshot';

/** Bytes that are read at once. */
const blockBytes = 1024 * 1024;

/** An image with the SHA-256 of it behind it, as etcd sends it, and what both hash to. */
export interface TrailedImage {
  readonly source: ByteSource;
  readonly hashes: ContentHashes;
}

/**
 * Puts etcd's trailer behind the first `size` bytes of a database: as `etcdctl snapshot save` would have written it. What
 * follows the pages in use is left out, as etcd does not send it.
 *
 * @throws what the source throws; the signal's reason
 */
export async function withTrailer(
  database: ByteSource,
  size: number,
  signal: AbortSignal,
): Promise<TrailedImage> {
  const hash = createHash('sha256');
  for await (const block of blocksOf(database, size, signal)) hash.update(block);
  const image = hash.copy().digest();
  const trailer = image.toString('hex');
  return {
    source: followedBy(database, size, image),
    hashes: { file: hash.update(image).digest('hex'), image: trailer, trailer },
  };
}

/** The first `size` bytes of a source, in order; every block is the reader's own. @throws as the source; the signal's reason */
export async function* blocksOf(
  source: ByteSource,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size;) {
    signal.throwIfAborted();
    const block = Buffer.allocUnsafe(Math.min(blockBytes, size - at));
    const got = await source.read(block, at);
    if (got === 0) return;
    at += got;
    yield block.subarray(0, got);
  }
}

function followedBy(source: ByteSource, size: number, tail: Uint8Array): ByteSource {
  return {
    name: source.name,
    size: size + tail.length,
    async read(target, position) {
      const own = Math.max(0, Math.min(target.length, size - position));
      const got = own === 0 ? 0 : await source.read(target.subarray(0, own), position);
      if (got < own) return got;
      const from = Math.max(0, position + got - size);
      const rest = tail.subarray(from, from + target.length - got);
      target.set(rest, got);
      return got + rest.length;
    },
    close: () => undefined,
  };
}
