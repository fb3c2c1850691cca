import { type CrcArena, crcArena } from '../crc32c/index.ts';
import { damaged } from './damage.ts';
import { type Page, parsePage } from './page.ts';
import type { ByteSource } from './source.ts';

/** A stretch of an image, read into an arena at one go and used page by page. */
export class PageWindow {
  readonly #source: ByteSource;
  #arena: CrcArena;
  /** The part that was read last: a view costs more than a page, and most reads are of one size. */
  #view: Uint8Array;
  #from = 0;
  #to = 0;

  /** @param capacity bytes that are read at once; a single larger page makes the window grow */
  constructor(source: ByteSource, capacity: number) {
    this.#source = source;
    this.#arena = crcArena(capacity);
    this.#view = this.#arena.bytes;
  }

  /** Where the bytes are. It changes when the window grows, and its content at every `load`. */
  get arena(): CrcArena {
    return this.#arena;
  }

  holds(position: number, length: number): boolean {
    return position >= this.#from && position + length <= this.#to;
  }

  /** The place in the arena of a position that the window holds. */
  offset(position: number): number {
    return position - this.#from;
  }

  /** A page that the window holds, with bytes of its own. */
  copy(position: number, size: number): Page {
    return parsePage(this.#arena.bytes.slice(this.offset(position), this.offset(position) + size));
  }

  /**
   * Reads `length` bytes from `position`, and on to `wanted` of them as far as there are room and bytes. A promise
   * only when the source needs one: files answer at once, and an `await` for each page would be felt.
   * @throws Failure not-a-snapshot when the source ends before `length`
   */
  load(position: number, length: number, wanted: number): void | Promise<void> {
    this.#holdAtLeast(length);
    const room = Math.min(Math.max(length, wanted), this.#arena.bytes.length);
    this.#from = this.#to = position;
    if (this.#view.length !== room) this.#view = this.#arena.bytes.subarray(0, room);
    const got = this.#source.read(this.#view, position);
    return typeof got === 'number' ? this.#loaded(got, length) : got.then((got) => this.#loaded(got, length));
  }

  /** Puts bytes that are no stretch of the image at the beginning of the arena. */
  place(bytes: Uint8Array): void {
    this.#holdAtLeast(bytes.length);
    this.#arena.bytes.set(bytes);
    this.#from = this.#to = 0;
  }

  #holdAtLeast(length: number): void {
    if (length <= this.#arena.bytes.length) return;
    this.#arena = crcArena(length);
    this.#view = this.#arena.bytes;
  }

  #loaded(got: number, length: number): void {
    this.#to = this.#from + got;
    if (got < length) throw damaged(this.#source, `byte ${this.#to}`, 'the file ends here, too early');
  }
}
