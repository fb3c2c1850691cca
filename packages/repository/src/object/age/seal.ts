import { randomBytes } from 'node:crypto';
import { blocksOf } from '../blocks.ts';
import { type Lending, release } from '../lending.ts';
import { chunkBytes, payloadKey, payloadNonceBytes, sealChunk, sealedChunkBytes, tagBytes } from './chunk.ts';
import { makeHeader, type SealFor } from './header.ts';

/** Chunks that are sealed and given on together. */
const atOnce = 16;

/**
 * Seals a stream in the age format.
 *
 * @returns the sealed bytes: the header, then about 1 MiB at a time
 */
export async function* seal(
  plain: AsyncIterable<Uint8Array>,
  to: SealFor,
  { lend = false }: Lending = {},
): AsyncGenerator<Uint8Array> {
  const { header, fileKey } = await makeHeader(to);
  const nonce = randomBytes(payloadNonceBytes);
  const key = payloadKey(fileKey, nonce);
  yield Buffer.concat([header, nonce]);
  let index = 0;
  for await (const { bytes, last, free } of blocksOf(plain, atOnce * chunkBytes)) {
    const sealed = sealBlock(key, index, bytes, last);
    free();
    yield sealed;
    if (lend) release(sealed);
    index += atOnce;
  }
  if (index === 0) yield sealBlock(key, index, new Uint8Array(0), true);
}

/** Seals as many chunks as a block has; an empty block is one empty chunk. */
function sealBlock(key: Uint8Array, first: number, plain: Uint8Array, last: boolean): Uint8Array {
  const chunks = Math.max(1, Math.ceil(plain.length / chunkBytes));
  const sealed = Buffer.allocUnsafeSlow(plain.length + chunks * tagBytes);
  for (let i = 0; i < chunks; i++) {
    const part = plain.subarray(i * chunkBytes, (i + 1) * chunkBytes);
    sealChunk(key, first + i, last && i === chunks - 1, part, sealed.subarray(i * sealedChunkBytes));
  }
  return sealed;
}
