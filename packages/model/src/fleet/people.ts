import { z } from 'zod';
import { Moment, TokenId, UserId } from './ids.ts';
import { Grant } from './roles.ts';

export const UserName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/,
    'a name has lower-case letters, digits and . _ - (at most 63)',
  );

/** A person, or a machine that acts for itself. */
export const User = z.object({
  id: UserId,
  name: UserName,
  createdAt: Moment,
  disabled: z.boolean(),
  grants: z.array(Grant),
  version: z.int().min(1),
});
export type User = z.infer<typeof User>;

/** A token of a user: what it may do is what the user may, narrowed by its own grants where it has any. */
export const Token = z.object({
  id: TokenId,
  user: UserId,
  description: z.string().max(200),
  createdAt: Moment,
  expiresAt: Moment.nullable(),
  lastUsedAt: Moment.nullable(),
  /** Null: all that its user may. */
  grants: z.array(Grant).nullable(),
});
export type Token = z.infer<typeof Token>;

/** One entry of the audit log. Its hash covers the entry before it, so that none can be changed, left out or put in. */
export const AuditEntry = z.object({
  /** From 1, without holes. */
  n: z.int().min(1),
  at: Moment,
  /** The user's name, `node n-…`, or `server`. */
  by: z.string(),
  /** The token's id, where one was used. */
  token: TokenId.nullable(),
  /** Of who asked; null for what the server does by itself. */
  address: z.string().nullable(),
  /** The route's name, or what the server did. */
  action: z.string(),
  /** What it was about, as `c-7f3kq` or `op-…`. */
  of: z.string().nullable(),
  cluster: z.string().nullable(),
  outcome: z.enum(['allowed', 'refused', 'failed']),
  /** What else matters; never a secret. */
  details: z.record(z.string(), z.unknown()),
  /** SHA-256 in hexadecimal of the entry without this field, as canonical JSON; `before` is the one of entry n - 1. */
  before: z.string(),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** The hash that the first entry follows. */
export const firstAuditHash = '0'.repeat(64);
