/** How far something has come that is read while it is written. */
export class Growth {
  #size = 0;
  #ended = false;
  #failed: { readonly error: unknown } | undefined;
  #waiting: (() => void)[] = [];

  /** Bytes that can be read. */
  get size(): number {
    return this.#size;
  }

  /** Whether nothing more will come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** So many bytes more can be read now. */
  grown(bytes: number): void {
    this.#size += bytes;
    this.#wake();
  }

  /** Everything has come. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Nothing more will come, for this reason, which all readers are told. */
  fail(error: unknown): void {
    this.#failed ??= { error };
    this.#wake();
  }

  /** Waits until there is more than `size` bytes; false when it has ended there. @throws what `fail` was told */
  async beyond(size: number): Promise<boolean> {
    while (this.#size <= size && !this.#ended && this.#failed === undefined) {
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
    if (this.#failed !== undefined) throw this.#failed.error;
    return this.#size > size;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Bytes read at once by one who follows. */
const blockBytes = 1024 * 1024;

/**
 * Reads what grows from its beginning to its end, as it comes. A chunk is valid until the next one is asked for.
 *
 * @param read fills the target from a position at which there are as many bytes
 * @throws what the growth failed with, and what `read` throws
 */
export async function* follow(
  growth: Growth,
  read: (target: Uint8Array, position: number) => number | Promise<number>,
): AsyncGenerator<Uint8Array> {
  const block = Buffer.allocUnsafeSlow(blockBytes);
  for (let at = 0; await growth.beyond(at);) {
    const target = block.subarray(0, growth.size - at);
    const got = await read(target, at);
    if (got !== target.length) throw new Error(`of the ${target.length} bytes at ${at} there are ${got}`);
    at += got;
    yield target;
  }
}
