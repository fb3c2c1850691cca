import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import { Failure } from '@holdfast/base';
import type { Sealer } from './sealer.ts';

/*
 * What is sealed, byte by byte:
 *
 *   1    version of this format: 1
 *   8    which key: the beginning of SHA-256 of 'holdfast secrets key' and the key
 *   12   nonce, random
 *   n    the secret, by AES-256-GCM; additional data: the 9 bytes above, and what it belongs to
 *   16   tag
 */
const version = 1;
const idBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + idBytes;
const leastBytes = headBytes + nonceBytes + tagBytes;

/** Seals with a key of 32 bytes. @param random where nonces come from */
export function makeSealer(key: Uint8Array, random: (bytes: number) => Uint8Array): Sealer {
  const keyId = createHash('sha256').update('holdfast secrets key').update(key).digest().subarray(0, idBytes);
  const markKey = createHmac('sha256', key).update('holdfast marks').digest();
  const head = Buffer.concat([Buffer.of(version), keyId]);
  return {
    seal(of, plain) {
      const nonce = random(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(belonging(head, of));
      return Buffer.concat([head, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(of, sealed) {
      const bytes = Buffer.from(sealed);
      if (bytes.length < leastBytes || bytes[0] !== version)
        throw new Failure('secret-unreadable', 'it is damaged, or of a newer Holdfast', { of });
      if (!bytes.subarray(1, headBytes).equals(keyId))
        throw new Failure('secret-unreadable', 'it was sealed with another key', { of });
      const nonce = bytes.subarray(headBytes, headBytes + nonceBytes);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
        .setAAD(belonging(head, of))
        .setAuthTag(bytes.subarray(-tagBytes));
      try {
        return Buffer.concat([
          decipher.update(bytes.subarray(headBytes + nonceBytes, -tagBytes)),
          decipher.final(),
        ]);
      } catch {
        throw new Failure('secret-unreadable', 'it is damaged, or belongs to something else', { of });
      }
    },
    mark: (of, plain) =>
      createHmac('sha256', markKey)
        .update(JSON.stringify([of, plain]))
        .digest('hex'),
  };
}

function belonging(head: Uint8Array, of: string): Buffer {
  return Buffer.concat([head, Buffer.from(of)]);
}
