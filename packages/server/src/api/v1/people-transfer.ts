import { Failure } from '@holdfast/base';
import { Moment, RoleName, UserName, type Grant } from '@holdfast/model/fleet';
import { z } from 'zod';
import { isPasswordHash } from '../../auth/password.ts';
import type { ServerContext } from '../../context.ts';
import { newId } from '../../ids.ts';
import type { Handlers } from '../handler.ts';

const most = 10_000;

/**
 * People as one server gives them to another. Clusters are told by their names, since a new server gives them other ids.
 * Tokens are not among it: each is made anew.
 */
const PeopleDocument = z.strictObject({
  format: z.literal('holdfast-people'),
  version: z.literal(1),
  exportedAt: Moment,
  users: z
    .array(
      z.strictObject({
        name: UserName,
        createdAt: Moment,
        disabled: z.boolean(),
        /** The cluster's name; null: in all of them. */
        grants: z
          .array(z.strictObject({ role: RoleName, cluster: z.string().max(63).nullable() }))
          .max(1_000),
        /** Its hash, and how it was made; '' lets nobody in. */
        password: z.string().refine(isPasswordHash, 'it is not a hash that this version knows'),
      }),
    )
    .max(most),
});

/** People for a new server, and from an old one. */
export function peopleTransferHandlers(context: ServerContext): Handlers<'exportPeople' | 'importPeople'> {
  const { store, clock } = context;
  return {
    async exportPeople() {
      const names = new Map((await store.clusters.all()).map(({ id, spec }) => [id, spec.name]));
      const users = (await store.users.all()).map(({ name, createdAt, disabled, grants, password }) => ({
        name,
        createdAt,
        disabled,
        grants: grants.flatMap(({ role, cluster }) => {
          const named = cluster === null ? null : names.get(cluster);
          return named === undefined ? [] : [{ role, cluster: named }];
        }),
        password,
      }));
      return { format: 'holdfast-people', version: 1, exportedAt: clock.now().toISOString(), users };
    },
    async importPeople({ body, note }) {
      const { users } = read(body);
      const ids = new Map((await store.clusters.all()).map(({ id, spec }) => [spec.name, id]));
      const unknown = new Set<string>();
      const here = users.map(({ grants, ...user }) => ({
        ...user,
        grants: grants.flatMap(({ role, cluster }): Grant[] => {
          const id = cluster === null ? null : ids.get(cluster);
          if (id === undefined) unknown.add(cluster!);
          return id === undefined ? [] : [{ role, cluster: id }];
        }),
      }));
      const added = await store.transaction(async (tables) => {
        const names: string[] = [];
        for (const user of here) {
          const made = await tables.users.create({ ...user, id: newId('u', context.random), version: 1 });
          if (made !== null) names.push(made.name);
        }
        return names;
      });
      const kept = users.map(({ name }) => name).filter((name) => !added.includes(name));
      note({ added, kept: kept.length, unknownClusters: unknown.size });
      return { added, kept, unknownClusters: [...unknown] };
    },
  };
}

/** @throws Failure import-invalid, without what is in it */
function read(body: unknown): z.infer<typeof PeopleDocument> {
  const document = PeopleDocument.safeParse(body);
  if (document.success) {
    const names = document.data.users.map(({ name }) => name);
    if (new Set(names).size === names.length) return document.data;
    throw new Failure('import-invalid', 'it has a name twice');
  }
  const [{ path, message } = { path: [], message: 'it is empty' }] = document.error.issues;
  throw new Failure('import-invalid', `${path.map(String).join('/')}: ${message}`);
}
