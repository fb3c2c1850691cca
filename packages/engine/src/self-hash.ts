import { createHash } from 'node:crypto';
import { canonicalJson } from '@holdfast/model';

/** SHA-256 of a document without its own field `hash`, as canonical JSON, in hexadecimal. */
export function selfHash(document: object): string {
  const hashed: { hash?: unknown } = { ...document };
  delete hashed.hash;
  return createHash('sha256').update(canonicalJson(hashed)).digest('hex');
}
