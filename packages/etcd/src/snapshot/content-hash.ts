import type { createHash } from 'node:crypto';

/** The trailer that etcd's Snapshot call appends: the SHA-256 of everything before it. */
export const trailerSize = 32;
/** Database images are whole sectors, so a file with this rest has a trailer (etcd's own tools tell by this). */
const sector = 512;

/** Bytes of the image in a file of `size` bytes: without the trailer, if there is one. */
export function imageSize(size: number): number {
  return size % sector === trailerSize ? size - trailerSize : size;
}

/** SHA-256 of a whole file and of its image, and the trailer itself, in hexadecimal; null when there is none. */
export interface ContentHashes {
  readonly file: string;
  readonly image: string;
  readonly trailer: string | null;
}

/** What is hashed: `size` bytes, of which the first `image` are the image. */
export interface Content {
  readonly size: number;
  readonly image: number;
  /** As `ByteSource.read`. */
  read(target: Uint8Array, position: number): number | Promise<number>;
  /** Called with the bytes hashed so far; may pause, and rejects to end it. */
  progress(done: number): void | Promise<void>;
}

/**
 * Hashes a file from beginning to end. Its text is also what the hashing thread runs (see `content-hashing.ts`), so it
 * uses nothing but its parameters.
 */
export async function hashContent(create: typeof createHash, content: Content): Promise<ContentHashes> {
  const hash = create('sha256');
  // Few enough bytes at a time to stay in the processor's cache.
  const chunk = new Uint8Array(256 * 1024);
  const update = async (from: number, to: number) => {
    for (let at = from; at < to;) {
      const part = to - at < chunk.length ? chunk.subarray(0, to - at) : chunk;
      const reading = content.read(part, at);
      const got = typeof reading === 'number' ? reading : await reading;
      if (got === 0) break;
      hash.update(got < part.length ? part.subarray(0, got) : part);
      at += got;
      const pausing = content.progress(at);
      if (pausing !== undefined) await pausing;
    }
  };
  await update(0, content.image);
  const image = hash.copy().digest('hex');
  await update(content.image, content.size);
  const trailer = Array.from(chunk.subarray(0, content.size - content.image), (byte) =>
    byte.toString(16).padStart(2, '0'),
  );
  return { file: hash.digest('hex'), image, trailer: trailer.length === 0 ? null : trailer.join('') };
}
