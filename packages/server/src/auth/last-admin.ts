import { Failure } from '@holdfast/base';
import { isAllowed } from '@holdfast/model/fleet';
import type { StoredUser } from '../store/people.ts';
import type { Tables } from '../store/store.ts';

/**
 * Looks, in the transaction of a change, whether somebody is left who may administer everything and can log in.
 *
 * @throws Failure last-admin, which undoes the change
 */
export async function keepAnAdmin(tables: Tables): Promise<void> {
  if (!(await tables.users.all()).some(isAdmin))
    throw new Failure('last-admin', 'an admin is enabled, has a password, and is one in all clusters');
}

function isAdmin({ disabled, password, grants }: StoredUser): boolean {
  return !disabled && password !== '' && isAllowed(grants, 'admin', null);
}
