import type { ByteSource } from '../source.ts';

/** A stream of given chunks, each of which is overwritten as soon as the next one is asked for. */
export async function* streamOf(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk);
    yield lent;
    lent.fill(0xaa);
  }
}

/** Everything that a stream gives. */
export async function gather(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bytes in memory that remember what was read of them. */
export interface MemorySource extends ByteSource {
  readonly reads: (readonly [start: number, end: number])[];
}

/** A source of bytes in memory; a range that does not lie within is a bug of the reader. */
export function memorySource(bytes: Uint8Array, name = 'memory'): MemorySource {
  const reads: [number, number][] = [];
  return {
    name,
    size: bytes.length,
    reads,
    read: async (start, end) => {
      if (!(0 <= start && start <= end && end <= bytes.length))
        throw new RangeError(`${start} to ${end} of ${bytes.length}`);
      reads.push([start, end]);
      return Uint8Array.prototype.slice.call(bytes, start, end);
    },
  };
}

/** Cuts bytes into chunks of the given lengths, taken again and again; an empty list makes one chunk. */
export function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const chunk = bytes.subarray(at, at + (lengths[i % lengths.length] ?? bytes.length));
    chunks.push(chunk);
    at += chunk.length;
  }
  return chunks;
}

/** Bytes that can be compressed, but not to nothing: the same for the same length and seed. */
export function someBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0, state = seed; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = (state >>> 16) % 23;
  }
  return bytes;
}
