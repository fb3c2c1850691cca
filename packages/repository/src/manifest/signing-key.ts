import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { Failure } from '@holdfast/base';
import { pemParts } from './pem.ts';
import { VerifyingKey } from './verifying-key.ts';

/** A private key that signs (Ed25519). Printing or serialising it shows nothing of it. */
export class SigningKey {
  readonly publicKey: VerifyingKey;
  readonly #key: KeyObject;

  private constructor(key: KeyObject, publicKey: VerifyingKey) {
    this.#key = key;
    this.publicKey = publicKey;
  }

  /** A new key. */
  static generate(): SigningKey {
    const key = SigningKey.#of(generateKeyPairSync('ed25519').privateKey);
    if (key === undefined) throw new Error('a new key has no public key that can be trusted');
    return key;
  }

  /**
   * Reads a key as `openssl genpkey -algorithm ed25519` writes it: PKCS#8 in PEM, not encrypted; empty lines and lines
   * that begin with # count for nothing.
   *
   * @param path of the file in messages, which hold nothing of its content
   * @throws signing-key-invalid when it is something else
   */
  static parse(text: string, path: string): SigningKey {
    const invalid = (why: string): Failure => new Failure('signing-key-invalid', why, { path });
    const [part, ...more] = pemParts(text);
    if (part === undefined) throw invalid('it is empty');
    if (more.length > 0) throw invalid('it holds more than one key, or something beside it');
    if (part.kind === 'line') throw invalid('it is not in PEM');
    if (part.label !== 'PRIVATE KEY') throw invalid(`it is ${kindOf(part.label)}`);
    // What the library says of a key that it cannot read is kept to itself: it might repeat some of it.
    const key = part.kind === 'block' ? SigningKey.#ofPkcs8(part.der) : undefined;
    if (key === undefined) throw invalid('it is damaged, or a key of another kind than Ed25519');
    return key;
  }

  /** 64 bytes, the same for the same bytes. */
  sign(bytes: Uint8Array): Buffer {
    return sign(null, bytes, this.#key);
  }

  /** The secret itself, PKCS#8 in PEM: only for the file that keeps it. */
  reveal(): string {
    return this.#key.export({ format: 'pem', type: 'pkcs8' }) as string;
  }

  static #ofPkcs8(der: Buffer): SigningKey | undefined {
    try {
      return SigningKey.#of(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
    } catch {
      return undefined;
    }
  }

  static #of(key: KeyObject): SigningKey | undefined {
    const publicKey = VerifyingKey.fromSpki(createPublicKey(key).export({ format: 'der', type: 'spki' }));
    return typeof publicKey === 'string' ? undefined : new SigningKey(key, publicKey);
  }
}

function kindOf(label: string): string {
  if (label === 'ENCRYPTED PRIVATE KEY') return 'encrypted: decrypt it first, with openssl pkey';
  if (label === 'OPENSSH PRIVATE KEY') return 'a key of OpenSSH, and PKCS#8 is asked for';
  if (label === 'PUBLIC KEY') return 'a public key, and a private one is asked for';
  return `something else (${label})`;
}
