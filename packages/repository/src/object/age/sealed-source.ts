import { ByteQueue } from '../byte-queue.ts';
import { release } from '../lending.ts';
import { type ByteSource, checkRange, damaged, readExactly } from '../source.ts';
import { chunkBytes, openChunk, payloadKey, payloadNonceBytes, sealedChunkBytes, tagBytes } from './chunk.ts';
import { openHeader, type OpenWith, takeHeader } from './header.ts';

/** Bytes read for a header at a time; one is enough for thirty recipients. */
const headerStepBytes = 4096;

/**
 * Opens an age file as what it holds. Reads its header and its last chunk now, which proves that nothing is missing at
 * the end (age-encryption.org/v1, "Payload"), and later only the chunks in which a range lies, in one request.
 *
 * @throws key-not-matching when none of the keys and passphrases opens it
 * @throws object-damaged when it is cut, lengthened or no age file; the same from `read` when a chunk was altered
 */
export async function openSealed(
  source: ByteSource,
  using: OpenWith,
  signal?: AbortSignal,
): Promise<ByteSource> {
  const { name, size } = source;
  const queue = new ByteQueue(bytesOf(source, signal));
  const header = await takeHeader(queue, name);
  const nonce = await queue.take(payloadNonceBytes);
  const start = header.length + payloadNonceBytes;
  const sealed = size - start;
  const chunks = Math.ceil(sealed / sealedChunkBytes);
  if (sealed < tagBytes) throw damaged(name, 'it is cut off after its age header');
  const key = payloadKey(await openHeader(header, using, name), nonce);
  const lastStart = start + (chunks - 1) * sealedChunkBytes;
  const last = openChunk(key, chunks - 1, true, await readExactly(source, lastStart, size, signal));
  if (last === undefined) throw damaged(name, 'the end of its age payload is cut or altered');
  return new SealedSource(source, { key, start, chunks, last });
}

async function* bytesOf(source: ByteSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.size; at += headerStepBytes)
    yield await readExactly(source, at, Math.min(at + headerStepBytes, source.size), signal);
}

interface Payload {
  readonly key: Uint8Array;
  /** Where the first chunk is. */
  readonly start: number;
  readonly chunks: number;
  /** What the last chunk holds. */
  readonly last: Uint8Array;
}

class SealedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #sealed: ByteSource;
  readonly #payload: Payload;

  constructor(sealed: ByteSource, payload: Payload) {
    this.name = sealed.name;
    this.size = (payload.chunks - 1) * chunkBytes + payload.last.length;
    this.#sealed = sealed;
    this.#payload = payload;
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    checkRange(this, start, end);
    const { key, start: base, chunks, last } = this.#payload;
    const target = Buffer.allocUnsafe(end - start);
    const lastStart = (chunks - 1) * chunkBytes;
    const first = Math.floor(start / chunkBytes);
    const behind = Math.min(Math.ceil(end / chunkBytes), chunks - 1);
    if (first < behind) {
      const from = base + first * sealedChunkBytes;
      const to = base + behind * sealedChunkBytes;
      const sealed = await readExactly(this.#sealed, from, to, signal);
      for (let i = first; i < behind; i++) {
        const part = sealed.subarray((i - first) * sealedChunkBytes, (i - first + 1) * sealedChunkBytes);
        const plain = openChunk(key, i, false, part);
        if (plain === undefined) throw damaged(this.name, `chunk ${i} of its age payload was altered`);
        place(plain, i * chunkBytes, target, start);
        release(plain);
      }
    }
    if (end > lastStart) place(last, lastStart, target, start);
    return target;
  }
}

/** Copies what `bytes`, which begin at `at`, have for `target`, which begins at `start`. */
function place(bytes: Uint8Array, at: number, target: Uint8Array, start: number): void {
  const from = Math.max(start - at, 0);
  const to = Math.min(start + target.length - at, bytes.length);
  if (from < to) target.set(bytes.subarray(from, to), at + from - start);
}
