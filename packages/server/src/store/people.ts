import type { Token, User } from '@holdfast/model/fleet';
import type { Put } from './store.ts';

/** `password` is its hash, with how it was made; '' lets nobody in. */
export interface StoredUser extends User {
  readonly password: string;
}

export interface UserTable {
  /** Null where the name is taken. */
  create(user: StoredUser): Promise<StoredUser | null>;
  get(id: string): Promise<StoredUser | undefined>;
  byName(name: string): Promise<StoredUser | undefined>;
  /** By name. */
  all(): Promise<readonly StoredUser[]>;
  put(
    id: string,
    version: number | null,
    changed: Partial<Pick<StoredUser, 'disabled' | 'grants' | 'password'>>,
  ): Promise<Put<StoredUser>>;
  /** With the user's tokens. */
  remove(id: string): Promise<boolean>;
}

/** `hash` is the SHA-256 of the whole token, hexadecimal; `login`: made by name and password. */
export interface StoredToken extends Token {
  readonly hash: string;
  readonly login: boolean;
}

export interface TokenTable {
  create(token: StoredToken): Promise<void>;
  get(id: string): Promise<StoredToken | undefined>;
  ofUser(user: string): Promise<readonly StoredToken[]>;
  /** Many at once. */
  used(ids: readonly string[], at: string): Promise<void>;
  remove(id: string): Promise<boolean>;
  /** Ends the tokens of a user's logins, but one. */
  removeLogins(user: string, but: string | null): Promise<void>;
  removeExpired(before: string): Promise<void>;
}
