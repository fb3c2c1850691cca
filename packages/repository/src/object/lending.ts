/** How long a chunk of a stream stays what it is. */
export interface Lending {
  /**
   * Whether a chunk is only lent until the next one is asked for, and empty afterwards. Chunks that are left to the garbage
   * collector have it run all the time, since it counts their memory: a fifth of the CPU time of sealing.
   */
  readonly lend?: boolean;
}

/**
 * Frees the memory of bytes now; every view of it is empty afterwards. Only for bytes that were made alone in their memory.
 * Those that may lie in Node's pool beside others, being small, are left to the garbage collector.
 */
export function release({ buffer, length }: Uint8Array): void {
  if (!(buffer instanceof ArrayBuffer)) return;
  if (buffer.byteLength === length || buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
