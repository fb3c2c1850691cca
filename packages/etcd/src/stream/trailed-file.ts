import { createHash } from 'node:crypto';
import { imageSize, trailerSize } from '../snapshot/index.ts';

/** What arrived, once it is whole. */
export interface TrailedContent {
  /** Bytes, the trailer included. */
  readonly size: number;
  /** SHA-256 of everything, the trailer included, as hexadecimal. */
  readonly sha256: string;
}

/** What arrived is not a database with its hash behind it. */
export class TrailerMismatch extends Error {
  override readonly name = 'TrailerMismatch';
}

/**
 * Gathers the pieces of a file whose last 32 bytes are the SHA-256 of all before them into blocks, hashes each once,
 * and passes it on. Which bytes are the last is only known at the end, so 32 are always held back.
 */
export class TrailedFile {
  readonly #write: (block: Buffer) => void | Promise<void>;
  readonly #hash = createHash('sha256');
  readonly #blockBytes: number;
  #buffer: Buffer;
  #filled = 0;
  #flushed = 0;
  #pending: Promise<void> | undefined;
  #underWay = 0;

  /** @param write takes a block, which may be reused as soon as it has returned or its promise is fulfilled */
  constructor(write: (block: Buffer) => void | Promise<void>, blockBytes: number) {
    this.#write = write;
    this.#blockBytes = blockBytes;
    this.#buffer = Buffer.allocUnsafe(blockBytes + trailerSize);
  }

  /** Bytes so far. */
  get size(): number {
    return this.#flushed + this.#filled;
  }

  /** The writes under way, for the caller to wait for before it appends more; undefined when there are none. */
  get pending(): Promise<void> | undefined {
    return this.#underWay === 0 ? undefined : this.#pending;
  }

  /** Appends `bytes` from `start` to `end`. */
  append(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      const copied = bytes.copy(this.#buffer, this.#filled, at, end);
      at += copied;
      this.#filled += copied;
      if (this.#filled === this.#buffer.length) this.#flush(this.#blockBytes);
    }
  }

  /**
   * Ends the file: writes what is left and compares the trailer with the hash.
   *
   * @throws TrailerMismatch
   */
  async end(): Promise<TrailedContent> {
    const { size } = this;
    if (imageSize(size) === size) {
      throw new TrailerMismatch(`${size} bytes are not a database with a SHA-256 behind it`);
    }
    await this.#pending;
    this.#flush(this.#filled - trailerSize);
    await this.#pending;
    const trailer = Buffer.from(this.#buffer.subarray(0, trailerSize));
    const body = this.#hash.copy().digest();
    if (!body.equals(trailer)) {
      throw new TrailerMismatch(
        `its SHA-256 is ${body.toString('hex')}, and ${trailer.toString('hex')} was announced by etcd`,
      );
    }
    this.#flush(trailerSize);
    await this.#pending;
    return { size, sha256: this.#hash.digest('hex') };
  }

  /** Hashes and passes on the first `bytes` of the buffer; what is behind them moves to the front. */
  #flush(bytes: number): void {
    const block = this.#buffer.subarray(0, bytes);
    const rest = this.#buffer.subarray(bytes, this.#filled);
    this.#hash.update(block);
    const written = this.#write(block);
    if (written !== undefined) {
      this.#underWay += 1;
      this.#pending = this.#settled(written, this.#pending);
      // The block still belongs to its reader.
      this.#buffer = Buffer.allocUnsafe(this.#buffer.length);
    }
    rest.copy(this.#buffer);
    this.#flushed += bytes;
    this.#filled = rest.length;
  }

  async #settled(written: Promise<void>, earlier: Promise<void> | undefined): Promise<void> {
    await Promise.all([earlier, written]);
    this.#underWay -= 1;
  }
}
