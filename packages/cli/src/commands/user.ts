import type { Verb } from '../program/verb.ts';
import { addUserAdd } from './user-add.ts';
import { addUserExport } from './user-export.ts';
import { addUserImport } from './user-import.ts';
import { addUserList } from './user-list.ts';
import { addUserPassword } from './user-password.ts';
import { addUserRemove } from './user-remove.ts';
import { addUserResetPassword } from './user-reset-password.ts';
import { addUserSet } from './user-set.ts';

export function addUser(parent: Verb): void {
  const user = parent.command('user');
  user.description('The people of a server, and what each may do.');
  addUserList(user);
  addUserAdd(user);
  addUserSet(user);
  addUserPassword(user);
  addUserRemove(user);
  addUserResetPassword(user);
  addUserExport(user);
  addUserImport(user);
}
