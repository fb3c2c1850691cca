import { release } from '../lending.ts';
import { atOnce } from '../in-order.ts';
import { compressFrame, type Frame, snapshotFrameBytes, snapshotLevel } from './compress-frame.ts';
import { encodeSeekTable, type SeekEntry } from './seek-table.ts';

/** What takes the stored bytes in their order: a frame, and where it belongs; the table at the end has no entry. */
export type TakeStored = (bytes: Uint8Array, entry?: SeekEntry) => void | Promise<void>;

/**
 * Compresses what it is sent into zstd's seekable format, several frames at once: the same bytes as `compressSeekable`
 * makes, for who is sent a stream and does not read one.
 */
export class SeekableWriter {
  readonly #take: TakeStored;
  readonly #entries: SeekEntry[] = [];
  readonly #free: Uint8Array[] = [];
  /** Of each frame under way when it has been taken, in order. */
  readonly #underWay: Promise<void>[] = [];
  #block: Uint8Array;
  #filled = 0;

  /** @param take may use a frame until it has returned or its promise is fulfilled */
  constructor(take: TakeStored, frameBytes: number = snapshotFrameBytes) {
    this.#take = take;
    this.#block = Buffer.allocUnsafeSlow(frameBytes);
  }

  /**
   * Takes the next bytes, which may be reused at once. While a returned promise is pending, more frames are under way than
   * there are threads for.
   *
   * @throws what `take` throws of an earlier frame
   */
  write(bytes: Uint8Array): void | Promise<void> {
    let hasBegun = false;
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#block.length - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < this.#block.length) continue;
      this.#begin();
      hasBegun = true;
    }
    if (hasBegun && this.#underWay.length >= atOnce) return this.#underWay[0];
  }

  /** Ends the stream with what is left and the table. @throws what `take` throws */
  async end(): Promise<void> {
    if (this.#filled > 0) this.#begin();
    await this.#underWay.at(-1);
    await this.#take(encodeSeekTable(this.#entries));
  }

  #begin(): void {
    const block = this.#block;
    const compressing = compressFrame(block.subarray(0, this.#filled), snapshotLevel);
    compressing.catch(() => undefined);
    this.#block = this.#free.pop() ?? Buffer.allocUnsafeSlow(block.length);
    this.#filled = 0;
    const taken = this.#taken(compressing, block, this.#underWay.at(-1));
    taken.catch(() => undefined);
    this.#underWay.push(taken);
  }

  async #taken(compressing: Promise<Frame>, block: Uint8Array, before?: Promise<void>): Promise<void> {
    const { bytes, entry } = await compressing;
    this.#free.push(block);
    await before;
    this.#entries.push(entry);
    await this.#take(bytes, entry);
    release(bytes);
    void this.#underWay.shift();
  }
}
