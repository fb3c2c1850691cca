import { createHash, createPublicKey, verify } from 'node:crypto';

/** An Ed25519 public key in SubjectPublicKeyInfo is these bytes and its own 32 (RFC 8410, section 4). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** The y coordinates of the eight points of small order, little-endian, apart from the sign bit of x. */
const smallOrder = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** 2^255 - 19: coordinates of Ed25519 are below. */
const prime = 2n ** 255n - 19n;

/** A public key that signatures are checked with (Ed25519). Only made from one that can be trusted to check anything. */
export class VerifyingKey {
  /** `SHA256:` and the SHA-256 of the key's SubjectPublicKeyInfo in base64 without padding. */
  readonly keyid: string;
  /** What stands beside it in its file, as ssh-keygen writes it there; null: nothing. */
  readonly comment: string | null;
  readonly #spki: Buffer;

  private constructor(spki: Buffer, comment: string | null) {
    this.#spki = spki;
    this.comment = comment;
    this.keyid = `SHA256:${createHash('sha256').update(spki).digest('base64').replace(/=+$/, '')}`;
  }

  /** From SubjectPublicKeyInfo, DER; a word for what is wrong with it when it is no such key. */
  static fromSpki(spki: Uint8Array): VerifyingKey | 'another kind' | 'worthless' {
    const prefixed =
      spki.length === spkiPrefix.length + 32 && spkiPrefix.equals(spki.subarray(0, spkiPrefix.length));
    return prefixed ? VerifyingKey.fromPoint(spki.subarray(spkiPrefix.length), null) : 'another kind';
  }

  /**
   * From the 32 bytes of the point. `worthless`: of small order, or not in its one spelling. For keys of small order
   * anybody can make signatures, which OpenSSL before 3.5 takes, and a second spelling would be a second id of one key.
   */
  static fromPoint(point: Uint8Array, comment: string | null): VerifyingKey | 'worthless' {
    const y = Buffer.from(point);
    y[31] = (y[31] ?? 0) & 0x7f;
    const value = BigInt(`0x${Buffer.from(y.toReversed()).toString('hex')}`);
    if (value >= prime || smallOrder.has(y.toString('hex'))) return 'worthless';
    return new VerifyingKey(Buffer.concat([spkiPrefix, point]), comment);
  }

  /** Whether the signature, of 64 bytes, is one by this key over `bytes`. */
  verifies(bytes: Uint8Array, signature: Uint8Array): boolean {
    const key = createPublicKey({ key: this.#spki, format: 'der', type: 'spki' });
    return verify(null, bytes, key, signature);
  }

  /** As `openssl` takes it: SubjectPublicKeyInfo, PEM. */
  toPem(): string {
    return `-----BEGIN PUBLIC KEY-----\n${this.#spki.toString('base64')}\n-----END PUBLIC KEY-----\n`;
  }
}
