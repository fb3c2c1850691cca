import { createHash } from 'node:crypto';

/** The trailer that etcd's Snapshot call appends: the SHA-256 of everything before it. */
export const trailerSize = 32;
/** Database images are whole sectors, so a file with this rest has a trailer (etcd's own tools tell by this). */
const sector = 512;
/** Bytes hashed at a time: few enough to stay in the processor's cache. */
const chunkSize = 256 * 1024;

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

/**
 * Hashes a file from beginning to end.
 * @param read as `ByteSource.read`
 * @param onChunk called with the bytes hashed so far; may pause, and rejects to end it
 */
export async function hashContent(
  size: number,
  read: (target: Uint8Array, position: number) => number | Promise<number>,
  onChunk: (done: number) => void | Promise<void>,
): Promise<ContentHashes> {
  const hash = createHash('sha256');
  const chunk = new Uint8Array(chunkSize);
  const image = imageSize(size);
  const update = async (from: number, to: number) => {
    for (let at = from; at < to;) {
      const part = chunk.subarray(0, Math.min(chunkSize, to - at));
      const reading = read(part, at);
      const got = typeof reading === 'number' ? reading : await reading;
      if (got === 0) break;
      hash.update(part.subarray(0, got));
      at += got;
      const pausing = onChunk(at);
      if (pausing !== undefined) await pausing;
    }
  };
  await update(0, image);
  const imageDigest = hash.copy().digest('hex');
  await update(image, size);
  const trailer = image === size ? null : Buffer.from(chunk.subarray(0, trailerSize)).toString('hex');
  return { file: hash.digest('hex'), image: imageDigest, trailer };
}
