import { blocksOf } from '../blocks.ts';
import { ByteQueue } from '../byte-queue.ts';
import { type Lending, release } from '../lending.ts';
import { damaged } from '../source.ts';
import { openChunk, payloadKey, payloadNonceBytes, sealedChunkBytes } from './chunk.ts';
import { openHeader, type OpenWith, takeHeader } from './header.ts';

/** Chunks that are opened and given on together. */
const atOnce = 16;

/**
 * Opens a stream in the age format from its beginning to its end. Every byte that it gives is proven to be what was
 * sealed and where it was; that none is missing at the end is known only when it ends without an error.
 *
 * @param name of the object in messages
 * @throws key-not-matching when none of the keys and passphrases opens it
 * @throws object-damaged when it is cut, altered, lengthened or no age file
 */
export async function* unseal(
  sealed: AsyncIterable<Uint8Array>,
  using: OpenWith,
  name: string,
  { lend = false }: Lending = {},
): AsyncGenerator<Uint8Array> {
  const queue = new ByteQueue(sealed);
  try {
    const fileKey = await openHeader(await takeHeader(queue, name), using, name);
    const nonce = await queue.take(payloadNonceBytes);
    if (nonce.length < payloadNonceBytes) throw damaged(name, 'it is cut off after its age header');
    const opening: Opening = { key: payloadKey(fileKey, nonce), next: 0, ended: false };
    for await (const { bytes, free } of blocksOf(queue.rest(), atOnce * sealedChunkBytes)) {
      const { plain, wrong } = openBlock(opening, bytes);
      free();
      if (plain.length > 0) yield plain;
      if (lend) release(plain);
      if (wrong !== undefined) throw damaged(name, wrong);
    }
    if (!opening.ended) throw damaged(name, 'the end of its age payload is missing');
  } finally {
    await queue.close();
  }
}

interface Opening {
  readonly key: Uint8Array;
  /** The number of the next chunk. */
  next: number;
  /** Whether the last chunk was there. */
  ended: boolean;
}

/** Opens the chunks of a block up to the first that is not right, so that all before it are given out. */
function openBlock(opening: Opening, sealed: Uint8Array): { plain: Uint8Array; wrong?: string } {
  const target = Buffer.allocUnsafeSlow(sealed.length);
  let length = 0;
  for (let at = 0; at < sealed.length; at += sealedChunkBytes) {
    const { next, ended } = opening;
    const plain = ended ? undefined : openNext(opening, sealed.subarray(at, at + sealedChunkBytes));
    if (plain === undefined) {
      const wrong = ended
        ? 'there is more after the end of its age payload'
        : `chunk ${next} of its age payload is cut or altered`;
      return { plain: target.subarray(0, length), wrong };
    }
    target.set(plain, length);
    length += plain.length;
    release(plain);
    opening.next += 1;
  }
  return { plain: target.subarray(0, length) };
}

/** A chunk of full length may be the last one or not, a shorter one can only be the last. */
function openNext(opening: Opening, sealed: Uint8Array): Uint8Array | undefined {
  const { key, next } = opening;
  const amid = sealed.length === sealedChunkBytes ? openChunk(key, next, false, sealed) : undefined;
  if (amid !== undefined) return amid;
  const last = openChunk(key, next, true, sealed);
  opening.ended = last !== undefined;
  return last;
}
