import { createHash } from 'node:crypto';
import { type ContentHashes, imageSize, trailerSize } from './content-hash.ts';

/**
 * Hashes a snapshot as it comes, in pieces of any size. Which bytes are its trailer shows at the end, so as many are
 * always held back.
 */
export class ContentHasher {
  readonly #hash = createHash('sha256');
  readonly #last = Buffer.alloc(2 * trailerSize);
  #held = 0;
  #size = 0;

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  update(piece: Uint8Array): void {
    this.#size += piece.length;
    if (piece.length < trailerSize) return this.#hold(piece);
    this.#hash.update(this.#last.subarray(0, this.#held));
    this.#hash.update(piece.subarray(0, piece.length - trailerSize));
    this.#held = 0;
    this.#hold(piece.subarray(piece.length - trailerSize));
  }

  /** Holds back less than there is room for, and no more than a trailer of all that is held. */
  #hold(piece: Uint8Array): void {
    this.#last.set(piece, this.#held);
    const held = this.#held + piece.length;
    const ready = Math.max(0, held - trailerSize);
    this.#hash.update(this.#last.subarray(0, ready));
    this.#last.copyWithin(0, ready, held);
    this.#held = held - ready;
  }

  /** The hashes of everything that came; to be called once. */
  end(): ContentHashes {
    const last = this.#last.subarray(0, this.#held);
    if (imageSize(this.#size) === this.#size) {
      const file = this.#hash.update(last).digest('hex');
      return { file, image: file, trailer: null };
    }
    const image = this.#hash.copy().digest('hex');
    return { file: this.#hash.update(last).digest('hex'), image, trailer: last.toString('hex') };
  }
}
