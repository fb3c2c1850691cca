import { randomBytes } from 'node:crypto';

/** No record up to the compaction; also the largest ordinal plus one. */
const none = 0x1fff_ffff;
const ordinalMask = 0x1fff_ffff;
const tombstoneBit = 0x2000_0000;
const supersededBit = 0x4000_0000;
/** Set in every slot that is in use. */
const usedBit = 0x8000_0000;

/** What became of a record up to a compaction C. */
export const fate = {
  /** There is a newer record of its key up to C, or it is a tombstone itself. */
  compacted: 0,
  /** It is its key's last word at C, but there is a newer record after C. */
  superseded: 1,
  /** It is its key's last word altogether. */
  newest: 2,
} as const;
export type Fate = (typeof fate)[keyof typeof fate];

/**
 * For a set of user keys, which record of each is the newest, in flat memory: 12 bytes a slot, whatever the keys'
 * lengths. Keys are told apart by 64 bits of a hash with a random seed: among a million keys two are taken for one
 * with a chance of 3 in 100 million.
 *
 * Only keys with records after the last *finished* compaction F are put in: up to F each key has at most one
 * record, so a key that is not in here has just that one.
 */
export class NewestRecords {
  readonly #seeds: readonly [number, number];
  #mask: number;
  #low: Uint32Array;
  #high: Uint32Array;
  #state: Uint32Array;
  #used = 0;

  constructor(slots = 1 << 12) {
    const seed = randomBytes(8);
    this.#seeds = [seed.readInt32LE(0), seed.readInt32LE(4)];
    this.#mask = slots - 1;
    this.#low = new Uint32Array(slots);
    this.#high = new Uint32Array(slots);
    this.#state = new Uint32Array(slots);
  }

  /** Notes a record up to C; `ordinal` rises from one record to the next. */
  noteBefore(bytes: Uint8Array, from: number, to: number, ordinal: number, tombstone: boolean): void {
    const slot = this.#slot(bytes, from, to);
    this.#state[slot] = usedBit | (tombstone ? tombstoneBit : 0) | ordinal;
  }

  /** Notes a record after C. */
  noteAfter(bytes: Uint8Array, from: number, to: number): void {
    const slot = this.#slot(bytes, from, to);
    this.#state[slot]! |= supersededBit;
  }

  /** What became of a record that is no tombstone; `ordinal` is -1 for one up to F. */
  fateOf(bytes: Uint8Array, from: number, to: number, ordinal: number): Fate {
    if (this.#used === 0) return fate.newest;
    const state = this.#state[this.#find(bytes, from, to)]!;
    if (state === 0) return fate.newest;
    const last = state & ordinalMask;
    if ((ordinal < 0 ? none : ordinal) !== last) return fate.compacted;
    return (state & supersededBit) === 0 ? fate.newest : fate.superseded;
  }

  /** The key's slot, taken for it if it had none. */
  #slot(bytes: Uint8Array, from: number, to: number): number {
    const slot = this.#find(bytes, from, to);
    if (this.#state[slot] !== 0) return slot;
    this.#low[slot] = lowHash;
    this.#high[slot] = highHash;
    this.#state[slot] = (usedBit | none) >>> 0;
    this.#used++;
    if (this.#used * 3 <= this.#mask * 2) return slot;
    this.#grow();
    return this.#probe();
  }

  #find(bytes: Uint8Array, from: number, to: number): number {
    hash(bytes, from, to, this.#seeds[0], this.#seeds[1]);
    return this.#probe();
  }

  /** The slot of the key that was hashed last, or the free one where it belongs. */
  #probe(): number {
    let slot = lowHash & this.#mask;
    while (this.#state[slot] !== 0 && (this.#low[slot] !== lowHash || this.#high[slot] !== highHash))
      slot = (slot + 1) & this.#mask;
    return slot;
  }

  #grow(): void {
    const [low, high, state] = [this.#low, this.#high, this.#state];
    const [keptLow, keptHigh] = [lowHash, highHash];
    this.#mask = this.#mask * 2 + 1;
    this.#low = new Uint32Array(this.#mask + 1);
    this.#high = new Uint32Array(this.#mask + 1);
    this.#state = new Uint32Array(this.#mask + 1);
    for (let i = 0; i < state.length; i++) {
      if (state[i] === 0) continue;
      [lowHash, highHash] = [low[i]!, high[i]!];
      const slot = this.#probe();
      this.#low[slot] = lowHash;
      this.#high[slot] = highHash;
      this.#state[slot] = state[i]!;
    }
    [lowHash, highHash] = [keptLow, keptHigh];
  }
}

/** The last result of `hash`: two numbers without an object for each key. */
let lowHash = 0;
let highHash = 0;

/** Two lanes in the manner of MurmurHash3 (x86, 32 bits), each with its own seed and constants. */
function hash(bytes: Uint8Array, from: number, to: number, lowSeed: number, highSeed: number): void {
  let low = lowSeed;
  let high = highSeed;
  let at = from;
  for (; to - at >= 4; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    low = mix(low, word, 0xcc9e2d51, 13);
    high = mix(high, word, 0x85ebca77, 17);
  }
  let rest = to - from;
  for (; at < to; at++) rest = (rest << 8) | bytes[at]!;
  low = mix(low, rest, 0xcc9e2d51, 13);
  high = mix(high, rest, 0x85ebca77, 17);
  lowHash = finish(low ^ (to - from));
  highHash = finish(high ^ Math.imul(low, 0x9e3779b1));
}

function mix(lane: number, word: number, factor: number, turn: number): number {
  let mixed = Math.imul(word, factor);
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593) ^ lane;
  return (Math.imul((mixed << turn) | (mixed >>> (32 - turn)), 5) + 0xe6546b64) | 0;
}

function finish(lane: number): number {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
