import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { release } from '../lending.ts';

/*
 * The payload of an age file (age-encryption.org/v1, "Payload"): a nonce of 16 bytes, then chunks of 64 KiB, each with
 * its own tag. The key is HKDF-SHA-256 of the file key, salted with the nonce; a chunk's nonce is its number and whether
 * it is the last. So no chunk can be moved, dropped or added, nor the end cut off.
 */

/** Bytes of the nonce before the chunks. */
export const payloadNonceBytes = 16;
/** Plain bytes of every chunk but the last, which has at least one, or none when it is the only one. */
export const chunkBytes = 64 * 1024;
/** Bytes of the tag that ends a stored chunk. */
export const tagBytes = 16;
/** Bytes of a stored chunk. */
export const sealedChunkBytes = chunkBytes + tagBytes;

const cipher = 'chacha20-poly1305';
const options = { authTagLength: tagBytes };

/** The key of a payload. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

function chunkNonce(index: number, last: boolean): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(index), 3);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** Seals one chunk into `target`, which has room for the tag. */
export function sealChunk(
  key: Uint8Array,
  index: number,
  last: boolean,
  plain: Uint8Array,
  target: Uint8Array,
): void {
  const sealing = createCipheriv(cipher, key, chunkNonce(index, last), options);
  const sealed = sealing.update(plain);
  target.set(sealed);
  release(sealed);
  sealing.final();
  target.set(sealing.getAuthTag(), plain.length);
}

/** Opens one chunk, alone in its memory; undefined when it is not what was sealed under this key, number and place. */
export function openChunk(
  key: Uint8Array,
  index: number,
  last: boolean,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const end = sealed.length - tagBytes;
  if (end < 0 || (end === 0 && !(last && index === 0))) return undefined;
  const opening = createDecipheriv(cipher, key, chunkNonce(index, last), options);
  opening.setAuthTag(sealed.subarray(end));
  const plain = opening.update(sealed.subarray(0, end));
  try {
    opening.final();
    return plain;
  } catch {
    return undefined;
  }
}
