import { Failure } from '@holdfast/base';
import {
  permissions,
  roles,
  type Grant,
  type Permission,
  type Token,
  type User,
} from '@holdfast/model/fleet';
import type { Limiter } from '../../auth/limiter.ts';
import { narrow } from '../../auth/narrow.ts';
import type { Passwords } from '../../auth/password.ts';
import { newToken } from '../../auth/token.ts';
import type { ServerContext } from '../../context.ts';
import { newId } from '../../ids.ts';
import type { StoredToken, StoredUser } from '../../store/people.ts';
import type { Handlers } from '../handler.ts';
import { pageFrom } from '../paging.ts';
import { RequestRefused } from '../problem.ts';

/** What people are looked after with. */
export interface PeopleParts {
  readonly context: ServerContext;
  readonly limiter: Limiter;
  readonly passwords: Passwords;
}

/** Milliseconds that the token of a login counts for: a working day. */
const loginMs = 12 * 3_600_000;

/** Login, and what somebody does with their own user and tokens. */
export function selfHandlers({
  context,
  limiter,
  passwords,
}: PeopleParts): Handlers<
  'logIn' | 'logOut' | 'getSelf' | 'changePassword' | 'listTokens' | 'createToken' | 'deleteToken'
> {
  const { store, clock } = context;
  const make = async (wanted: Omit<StoredToken, 'id' | 'hash' | 'createdAt' | 'lastUsedAt'>) => {
    const id = newId('t', context.random);
    const { token, hash } = newToken('hf', id, context.random);
    const stored = { ...wanted, id, hash, createdAt: clock.now().toISOString(), lastUsedAt: null };
    await store.tokens.create(stored);
    return { ...shownToken(stored), token };
  };
  const ownUser = async (id: string): Promise<StoredUser> => {
    const user = await store.users.get(id);
    if (user === undefined) throw new Failure('not-authenticated', 'this user was removed');
    return user;
  };
  const ownToken = async (id: string): Promise<StoredToken> => {
    const token = await store.tokens.get(id);
    if (token === undefined) throw new Failure('not-authenticated', 'this token was ended');
    return token;
  };
  return {
    async logIn({ body: { name, password }, address, note }) {
      const right = limiter.password(name, address);
      const user = await store.users.byName(name);
      // What is no user's name may be a password in the wrong field.
      note({ name: user?.name ?? '(unknown)' }, user === undefined ? {} : { of: user.id });
      const isRight = await passwords.isRight(password, user?.password);
      if (user === undefined || !isRight || user.disabled)
        throw new Failure('not-authenticated', 'name or password is wrong');
      right();
      const expiresAt = new Date(clock.now().getTime() + loginMs).toISOString();
      return make({ user: user.id, description: 'login', expiresAt, grants: null, login: true });
    },
    async logOut({ caller }) {
      await store.tokens.remove(caller.token);
    },
    async getSelf({ caller }) {
      const [user, token] = await Promise.all([ownUser(caller.user), ownToken(caller.token)]);
      return { user: shownUser(user), token: shownToken(token), may: whatMay(caller.grants) };
    },
    async changePassword({ body, caller, address }) {
      const right = limiter.password(caller.name, address);
      const user = await ownUser(caller.user);
      if (!(await passwords.isRight(body.old, user.password)))
        throw new Failure('password-wrong', 'the old one is another');
      right();
      const password = await passwords.hash(body.new);
      await store.transaction(async (tables) => {
        const changed = await tables.users.put(user.id, user.version, { password });
        if (!('put' in changed)) throw new Failure('version-conflict', 'an admin was faster');
        await tables.tokens.removeLogins(user.id, caller.token);
      });
    },
    async listTokens({ caller, query }) {
      const { items, next } = pageFrom(await store.tokens.ofUser(caller.user), ({ id }) => id, query);
      return { items: items.map(shownToken), next };
    },
    async createToken({ caller, body, note }) {
      if (body.expiresAt !== null && Date.parse(body.expiresAt) <= clock.now().getTime())
        throw new RequestRefused([{ pointer: '/body/expiresAt', detail: 'it is over already' }]);
      const own = await ownToken(caller.token);
      const made = await make({ user: caller.user, login: false, ...body, ...within(own, body) });
      note({}, { of: made.id });
      return made;
    },
    async deleteToken({ caller, params: { token } }) {
      if (token !== caller.token) refuseNarrowed(await ownToken(caller.token));
      const stored = await store.tokens.get(token);
      if (stored?.user !== caller.user || !(await store.tokens.remove(token)))
        throw new Failure('token-unknown', 'the caller has none of this id', { token });
    },
  };
}

/** @throws Failure not-allowed */
function refuseNarrowed({ grants }: StoredToken): void {
  if (grants === null) return;
  const why = 'a token that was narrowed ends itself and no other';
  throw new Failure('not-allowed', why, { permission: 'self', cluster: null });
}

/** What a token makes allows no more than itself and ends no later; the token of a login makes any. */
function within(
  own: StoredToken,
  wanted: { readonly grants: readonly Grant[] | null; readonly expiresAt: string | null },
): { grants: Grant[] | null; expiresAt: string | null } {
  const asked = wanted.grants === null ? null : [...wanted.grants];
  if (own.login) return { grants: asked, expiresAt: wanted.expiresAt };
  const ends = [own.expiresAt, wanted.expiresAt].filter((end) => end !== null);
  return {
    grants: own.grants === null ? asked : [...narrow(own.grants, asked)],
    expiresAt: ends.toSorted((one, other) => Date.parse(one) - Date.parse(other))[0] ?? null,
  };
}

/** What grants allow, each once: nothing of a single cluster that is allowed in all. */
function whatMay(grants: readonly Grant[]): { permission: Permission; cluster: string | null }[] {
  return permissions.flatMap((permission) => {
    const clusters = new Set(
      grants.filter(({ role }) => roles[role].includes(permission)).map(({ cluster }) => cluster),
    );
    return (clusters.has(null) ? [null] : [...clusters]).map((cluster) => ({ permission, cluster }));
  });
}

/** What everybody may see of a user who may see users: nothing of the password. */
export function shownUser(user: StoredUser): User {
  const { id, name, createdAt, disabled, grants, version } = user;
  return { id, name, createdAt, disabled, grants, version };
}

function shownToken(token: StoredToken): Token {
  const { id, user, description, createdAt, expiresAt, lastUsedAt, grants } = token;
  return { id, user, description, createdAt, expiresAt, lastUsedAt, grants };
}
