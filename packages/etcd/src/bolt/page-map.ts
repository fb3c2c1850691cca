/** Which pages of an image have been reached: one bit each. */
export class PageMap {
  readonly #bits: Uint8Array;

  /** @param pages how many there are; bounded by the file, so a damaged head cannot ask for much */
  constructor(pages: number) {
    this.#bits = new Uint8Array(Math.ceil(pages / 8));
  }

  has(page: number): boolean {
    return ((this.#bits[page >>> 3]! >>> (page & 7)) & 1) === 1;
  }

  /** Marks `count` pages from `first`, up to one that was marked before: returns that one, or -1. */
  claim(first: number, count: number): number {
    for (let page = first; page < first + count; page++) {
      if (this.has(page)) return page;
      this.#bits[page >>> 3]! |= 1 << (page & 7);
    }
    return -1;
  }
}
