/** A part of a stream in its own memory. */
export interface Block {
  readonly bytes: Uint8Array;
  /** Whether the stream ends with it. */
  readonly last: boolean;
  /** Gives the memory back for a later block. Without it, it is left to the garbage collector, which takes its time. */
  readonly free: () => void;
}

/**
 * Cuts a stream into blocks of `size` bytes; only the last may be shorter, and it is never empty. Chunks are copied, so
 * their owner may use them again as soon as the next one is asked for.
 */
export async function* blocksOf(stream: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Block> {
  const free: Uint8Array[] = [];
  const made = (block: Uint8Array, length: number, last: boolean): Block => ({
    bytes: block.subarray(0, length),
    last,
    free: () => void free.push(block),
  });
  let block: Uint8Array = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length;) {
      if (filled === size) {
        // Held back until now: only another byte shows that this one is not the last.
        yield made(block, size, false);
        block = free.pop() ?? Buffer.allocUnsafeSlow(size);
        filled = 0;
      }
      const part = chunk.subarray(at, at + size - filled);
      block.set(part, filled);
      filled += part.length;
      at += part.length;
    }
  }
  if (filled > 0) yield made(block, filled, true);
}
