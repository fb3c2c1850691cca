import { createDecipheriv, pbkdf2Sync } from 'node:crypto';
import { parsePem } from '../pki/pem.ts';

/** A file inside bootstrap data. Its content is for comparing and checking, never for a message. */
export interface BootstrapFile {
  /** As K3s names it: `ServerCA`, `ServiceKey`, `EncryptionConfig`, … */
  readonly name: string;
  readonly content: Uint8Array;
  /** When the earliest certificate in it ends; null where it holds none. */
  readonly notAfter: Date | null;
}

/** What became of opening bootstrap data. */
export type OpenedBootstrap =
  | { readonly result: 'opened'; readonly files: readonly BootstrapFile[] }
  | { readonly result: 'wrong-token' | 'empty' | 'damaged'; readonly why: string };

const rounds = 4096;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Opens the value of a bootstrap key (k3s-io/k3s, cluster/encrypt.go): `salt ":" base64(nonce ‖ AES-256-GCM)`, the key by
 * PBKDF2-HMAC-SHA1 of the password with the salt's text. Inside is JSON: name → { Timestamp, Content in base64 }, or in
 * older releases name → content.
 */
export function openBootstrap(value: Uint8Array, password: string): OpenedBootstrap {
  if (value.length === 0)
    return { result: 'empty', why: 'a server began to save its data here and never finished' };
  const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
  const colon = text.indexOf(':');
  const sealed = colon === -1 ? undefined : Buffer.from(text.slice(colon + 1), 'base64');
  if (sealed === undefined || sealed.length < nonceBytes + tagBytes)
    return { result: 'damaged', why: 'it is not the layout of bootstrap data' };
  const key = pbkdf2Sync(password, Buffer.from(text.slice(0, colon), 'latin1'), rounds, 32, 'sha1');
  const plain = decrypt(key, sealed);
  if (plain === undefined)
    return { result: 'wrong-token', why: 'the token does not open it, or it is damaged' };
  const files = readFiles(plain);
  return files === undefined
    ? { result: 'damaged', why: 'it opens, and what is inside is not a list of files' }
    : { result: 'opened', files };
}

function decrypt(key: Buffer, sealed: Buffer): Buffer | undefined {
  const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  cipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([cipher.update(sealed.subarray(nonceBytes, -tagBytes)), cipher.final()]);
  } catch {
    return undefined;
  }
}

function readFiles(plain: Buffer): readonly BootstrapFile[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(plain.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const files: BootstrapFile[] = [];
  for (const [name, entry] of Object.entries(parsed)) {
    const encoded: unknown =
      typeof entry === 'object' && entry !== null ? (entry as { Content?: unknown }).Content : entry;
    if (encoded !== null && typeof encoded !== 'string') return undefined;
    const content = Buffer.from(encoded ?? '', 'base64');
    files.push({ name, content, notAfter: earliestEnd(content) });
  }
  return files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function earliestEnd(content: Uint8Array): Date | null {
  const ends = parsePem(content).certificates.map(({ validToDate }) => validToDate);
  return ends.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null;
}
