import type { Stretch } from '../bolt/index.ts';
import { shiftCrc32c } from '../crc32c/index.ts';

/**
 * Two CRC-32Cs over the same bytes, of which the second leaves some out. Only the first is computed: bytes that both
 * cover change their difference in a way that depends on nothing but the number of bytes, so as long as nothing is
 * left out the second costs nothing.
 */
export class HashPair {
  #whole: number;
  /** The difference (xor) at the last place where the two took different bytes, and the bytes that both took since. */
  #difference: number;
  #since = 0;
  /** Within a stretch of which something was left out: the second CRC, up to `#from`. */
  #part: number | null = null;
  #stretch!: Stretch;
  #from = 0;

  constructor(whole: number, part: number) {
    this.#whole = whole;
    this.#difference = whole ^ part;
  }

  /** The CRC of all bytes. */
  get whole(): number {
    return this.#whole;
  }

  /** The CRC without what was left out. */
  get part(): number {
    return (this.#whole ^ shiftCrc32c(this.#difference, this.#since)) >>> 0;
  }

  /** Takes the bytes of a stretch, up to `end`. */
  begin(stretch: Stretch): void {
    this.#stretch = stretch;
    this.#from = stretch.from;
  }

  /** Leaves `[from, to)` of the stretch out of the second CRC. In rising order. */
  leaveOut(from: number, to: number): void {
    const part = this.#part ?? this.part;
    this.#part = this.#stretch.arena.crc(this.#from, from, part);
    this.#from = to;
  }

  end(): void {
    const { arena, from, to } = this.#stretch;
    this.#whole = arena.crc(from, to, this.#whole);
    if (this.#part === null) {
      this.#since += to - from;
      return;
    }
    this.#difference = this.#whole ^ arena.crc(this.#from, to, this.#part);
    this.#since = 0;
    this.#part = null;
  }
}
