import { type Cipheriv, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { release } from '@holdfast/repository/object';

const algorithm = 'aes-256-ctr';
const blockBytes = 16;

/** Bytes of one step: they stay in the processor's cache, and the kernel takes larger ones up to three times as long. */
const pieceBytes = 256 * 1024;
/**
 * AES-256 in counter mode (NIST SP 800-38A, 6.5) with a key of its own that exists in memory only: block n of the text
 * is XORed with the encryption of n, so that any range can be decrypted alone. It hides; it does not tell of changes.
 */
export class CounterMode {
  readonly #key = randomBytes(32);
  readonly #forward: Cipheriv = createCipheriv(algorithm, this.#key, counterAt(0));

  /**
   * Encrypts what comes next, in memory of its own. Who has used a piece releases it: what is left to the garbage collector
   * has it run all the time.
   */
  encryptNext(plain: Uint8Array): Buffer[] {
    return piecesOf(plain).map((piece) => this.#forward.update(piece));
  }

  /** Decrypts in place what stands at `position`. */
  decrypt(bytes: Uint8Array, position: number): void {
    const before = position % blockBytes;
    const decipher = createDecipheriv(algorithm, this.#key, counterAt((position - before) / blockBytes));
    if (before > 0) decipher.update(new Uint8Array(before));
    for (const piece of piecesOf(bytes)) {
      const plain = decipher.update(piece);
      piece.set(plain);
      release(plain);
    }
  }

  /** Forgets the key: what was encrypted is lost. */
  forget(): void {
    this.#key.fill(0);
  }
}

function piecesOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / pieceBytes);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes));
}

function counterAt(block: number): Buffer {
  const counter = Buffer.alloc(blockBytes);
  counter.writeBigUInt64BE(BigInt(block), blockBytes - 8);
  return counter;
}
