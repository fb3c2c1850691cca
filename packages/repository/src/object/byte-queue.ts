const newline = 0x0a;

/** A stream from which bytes are taken by number or by line. A chunk must stay unchanged until the next one is asked for. */
export class ByteQueue {
  readonly #stream: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#stream = stream[Symbol.asyncIterator]();
  }

  /** The next `count` bytes in their own memory; fewer where the stream ends. */
  async take(count: number): Promise<Uint8Array> {
    const taken = new Uint8Array(count);
    return taken.subarray(0, await this.takeInto(taken));
  }

  /** Copies the next bytes into the target; returns how many, which are fewer than it has room for where the stream ends. */
  async takeInto(target: Uint8Array): Promise<number> {
    let length = 0;
    while (length < target.length && (this.#rest.length > 0 || (await this.#more()))) {
      const part = this.#rest.subarray(0, target.length - length);
      target.set(part, length);
      this.#rest = this.#rest.subarray(part.length);
      length += part.length;
    }
    return length;
  }

  /** The next `count` bytes as they come; fewer where the stream ends. */
  async *pass(count: number): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0;) {
      if (!(await this.#more())) return;
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  /** The next bytes up to and with a newline; without one where the stream or `limit` ends first. */
  async line(limit: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let left = limit; left > 0 && (await this.#more());) {
      const seen = this.#rest.subarray(0, left);
      const end = seen.indexOf(newline) + 1;
      const part = end === 0 ? seen : seen.subarray(0, end);
      parts.push(new Uint8Array(part));
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      if (end > 0) break;
    }
    return Buffer.concat(parts);
  }

  /** Everything that is left. */
  async *rest(): AsyncGenerator<Uint8Array> {
    yield* this.pass(Infinity);
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    await this.#stream.return?.();
  }

  async #more(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#stream.next();
      if (next.done === true) return false;
      this.#rest = next.value;
    }
    return true;
  }
}
