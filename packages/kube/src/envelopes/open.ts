import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { createDecipheriv } from 'node:crypto';

/** The providers whose keys stand in the configuration itself. */
export type LocalProvider = 'aescbc' | 'aesgcm' | 'secretbox';

/**
 * Decrypts the payload of an envelope (what follows the key's name). `storageKey` is the value's etcd key: aesgcm
 * authenticates it. Undefined where the key does not fit, or the payload is damaged. Layouts: k8s.io/apiserver,
 * storage/value/encrypt.
 */
export function openPayload(
  provider: LocalProvider,
  secret: Uint8Array,
  payload: Uint8Array,
  storageKey: Uint8Array,
): Uint8Array | undefined {
  try {
    if (provider === 'aescbc') return openCbc(secret, payload);
    if (provider === 'aesgcm') return openGcm(secret, payload, storageKey);
    return openSecretbox(secret, payload);
  } catch {
    return undefined;
  }
}

/** IV 16 ‖ AES-CBC with PKCS#7 padding: not authenticated, so that a wrong key passes by chance once in 256 times. */
function openCbc(secret: Uint8Array, payload: Uint8Array): Uint8Array {
  const cipher = createDecipheriv(`aes-${secret.length * 8}-cbc`, secret, payload.subarray(0, 16));
  return Buffer.concat([cipher.update(payload.subarray(16)), cipher.final()]);
}

/** Nonce 12 ‖ ciphertext ‖ tag 16. */
function openGcm(secret: Uint8Array, payload: Uint8Array, storageKey: Uint8Array): Uint8Array {
  const bits = secret.length * 8;
  const cipher = createDecipheriv(`aes-${bits as 256}-gcm`, secret, payload.subarray(0, 12), {
    authTagLength: 16,
  });
  cipher.setAAD(storageKey);
  cipher.setAuthTag(payload.subarray(-16));
  return Buffer.concat([cipher.update(payload.subarray(12, -16)), cipher.final()]);
}

/** Nonce 24 ‖ NaCl's secretbox. */
function openSecretbox(secret: Uint8Array, payload: Uint8Array): Uint8Array {
  return xsalsa20poly1305(secret, payload.subarray(0, 24)).decrypt(payload.subarray(24));
}
