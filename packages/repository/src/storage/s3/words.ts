import type { S3Lock } from './settings.ts';

/** How the server is to encrypt, as a person writes it; the key of `customer` is in a file. */
export type EncryptionWord =
  | { readonly kind: 's3' }
  | { readonly kind: 'kms'; readonly keyId?: string }
  | { readonly kind: 'customer'; readonly file: string };

/** Reads `s3`, `kms`, `kms:KEYID` or `customer:FILE`. @throws RangeError */
export function parseEncryption(text: string): EncryptionWord {
  const [, kind, more] = /^(s3|kms|customer)(?::(.+))?$/.exec(text) ?? [];
  if (kind === 's3' && more === undefined) return { kind };
  if (kind === 'kms') return { kind, ...(more !== undefined && { keyId: more }) };
  if (kind === 'customer' && more !== undefined) return { kind, file: more };
  throw new RangeError(`${JSON.stringify(text)} is none of s3, kms, kms:KEYID and customer:FILE`);
}

/** Reads `governance:30d`, `compliance:365d`, or a mode with an RFC 3339 time or a date. @throws RangeError */
export function parseLock(text: string): S3Lock {
  const [, mode, days, until] =
    /^(governance|compliance):(?:(\d{1,6})d|(\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?))$/.exec(text) ??
    [];
  if (mode === 'governance' || mode === 'compliance') {
    if (Number(days) > 0) return { mode, days: Number(days) };
    const time = new Date(until ?? Number.NaN);
    if (!Number.isNaN(time.getTime())) return { mode, until: time };
  }
  throw new RangeError(
    `${JSON.stringify(text)} is none of governance:30d, compliance:30d and a mode with a date, as governance:2030-01-01`,
  );
}
