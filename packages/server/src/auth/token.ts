import { createHash } from 'node:crypto';

/** A token as it is sent: what it is found by, and what proves it. */
export interface SentToken {
  /** As `t-7f3kq2m8xw`; of a join token as `j-7f3kq2m8xw`. */
  readonly id: string;
  /** SHA-256 of the whole token as `hf_<id>_<secret>` (`hfj_` of a join token), hexadecimal. */
  readonly hash: string;
}

const secretBytes = 32;

/** A new secret of a token with this id: 256 random bits. @returns the token, and what is stored of it */
export function newToken(
  kind: 'hf' | 'hfj',
  id: string,
  random: (bytes: number) => Uint8Array,
): { readonly token: string; readonly hash: string } {
  const token = `${kind}_${id}_${Buffer.from(random(secretBytes)).toString('base64url')}`;
  return { token, hash: sha256(token) };
}

/**
 * Reads what the header `Authorization` says (RFC 6750 and RFC 7617): `Bearer` with the token as it was told, or as
 * Rancher's clients write theirs, `<id>:<secret>`; or `Basic` with id and secret as name and password. The id may be
 * written `t-…`, `hf_t-…` or `token-…`. A user's own name and password are no token.
 *
 * @returns undefined where it is not a token of ours
 */
export function readAuthorization(header: string | undefined): SentToken | undefined {
  const [, scheme = '', value = ''] =
    /^(bearer|basic) +([\x21-\x7e]{1,1000})$/i.exec(header?.trim() ?? '') ?? [];
  const sent = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString('latin1') : value;
  const [, letters, secret] =
    /^(?:hf_)?(?:t|token)-([a-z0-9]{5,12})[:_]([A-Za-z0-9_-]{43})$/.exec(sent) ?? [];
  return letters === undefined
    ? undefined
    : { id: `t-${letters}`, hash: sha256(`hf_t-${letters}_${secret}`) };
}

/** Reads a join token. @returns undefined where it is none */
export function readJoinToken(token: string): SentToken | undefined {
  const [, id] = /^hfj_(j-[a-z0-9]{5,12})_[A-Za-z0-9_-]{43}$/.exec(token) ?? [];
  return id === undefined ? undefined : { id, hash: sha256(token) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
