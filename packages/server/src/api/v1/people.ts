import { Failure } from '@holdfast/base';
import type { Grant, User } from '@holdfast/model/fleet';
import { keepAnAdmin } from '../../auth/last-admin.ts';
import type { ServerContext } from '../../context.ts';
import { newId } from '../../ids.ts';
import type { StoredUser } from '../../store/people.ts';
import type { Handlers } from '../handler.ts';
import { pageFrom } from '../paging.ts';
import { peopleTransferHandlers } from './people-transfer.ts';
import { selfHandlers, shownUser, type PeopleParts } from './self.ts';

/** Users, and everything about people. */
export function peopleHandlers(
  parts: PeopleParts,
): ReturnType<typeof selfHandlers> &
  ReturnType<typeof peopleTransferHandlers> &
  Handlers<'listUsers' | 'createUser' | 'getUser' | 'putUser' | 'deleteUser'> {
  const { context, passwords } = parts;
  const { store, clock } = context;
  return {
    ...selfHandlers(parts),
    ...peopleTransferHandlers(context),
    async listUsers({ query }) {
      const { items, next } = pageFrom(await store.users.all(), ({ name }) => name, query);
      return { items: items.map(shownUser), next };
    },
    async createUser({ body: { name, password, grants }, note }) {
      await knowClusters(context, grants, []);
      const made = await store.users.create({
        id: newId('u', context.random),
        name,
        createdAt: clock.now().toISOString(),
        disabled: false,
        grants,
        version: 1,
        password: await passwords.hash(password),
      });
      if (made === null) throw new Failure('name-taken', 'there is a user of this name', { name });
      note({ name, grants }, { of: made.id });
      return versioned(made);
    },
    async getUser({ params: { user } }) {
      return versioned(known(await store.users.get(user), user));
    },
    async putUser({ params: { user }, body: { disabled, grants, password }, ifMatch, note }) {
      await knowClusters(context, grants, known(await store.users.get(user), user).grants);
      const hash = password === undefined ? undefined : await passwords.hash(password);
      const changed = { disabled, grants, ...(hash === undefined ? {} : { password: hash }) };
      note({ disabled, grants, password: hash === undefined ? 'as before' : 'changed' });
      return store.transaction(async (tables) => {
        const done = await tables.users.put(user, ifMatch, changed);
        if ('missing' in done) return versioned(known(undefined, user));
        if ('conflict' in done)
          throw new Failure('version-conflict', `its version is ${done.conflict.version} now`);
        await keepAnAdmin(tables);
        if (disabled || hash !== undefined) await tables.tokens.removeLogins(user, null);
        return versioned(done.put);
      });
    },
    async deleteUser({ params: { user }, note }) {
      const { name } = known(await store.users.get(user), user);
      note({ name });
      await store.transaction(async (tables) => {
        if (!(await tables.users.remove(user))) known(undefined, user);
        await keepAnAdmin(tables);
      });
    },
  };
}

function versioned(user: StoredUser): { body: User; version: number } {
  return { body: shownUser(user), version: user.version };
}

function known(user: StoredUser | undefined, id: string): StoredUser {
  if (user === undefined)
    throw new Failure('user-unknown', 'it was never there, or was removed', { user: id });
  return user;
}

/** @param had grants that are kept may name clusters that are gone. @throws Failure cluster-unknown */
async function knowClusters(
  { store }: ServerContext,
  grants: readonly Grant[],
  had: readonly Grant[],
): Promise<void> {
  for (const { cluster } of grants) {
    if (cluster === null || had.some((grant) => grant.cluster === cluster)) continue;
    if ((await store.clusters.get(cluster)) === undefined)
      throw new Failure('cluster-unknown', 'a grant names it', { cluster });
  }
}
