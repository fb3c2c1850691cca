import { readFile } from 'node:fs/promises';
import { Failure } from '@holdfast/base';

/** `https://host:port` of a server. @throws Failure usage */
export function serverAddress(text: string): string {
  const url = URL.parse(text);
  const isPlain = url !== null && /^\/?$/.test(url.pathname) && url.search === '' && url.username === '';
  if (!isPlain || url.protocol !== 'https:')
    throw new Failure('usage', `--server takes an address as https://holdfast.example:9443, not ${text}`);
  return url.origin;
}

/** The SHA-256 of a CA: hexadecimal, with colons or without. @throws Failure usage */
export function caDigest(text: string): string {
  const hex = text.replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex))
    throw new Failure('usage', '--server-ca-sha256 takes a SHA-256: 64 hexadecimal digits');
  return hex;
}

/** A file of certificates. @throws Failure file-unreadable */
export async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
}
