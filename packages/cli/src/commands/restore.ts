import type { Verb } from '../program/verb.ts';
import { addRestoreDatadir } from './restore-datadir.ts';

export function addRestore(parent: Verb): void {
  const restore = parent.command('restore');
  restore.description('Bring a cluster back from a snapshot.');
  addRestoreDatadir(restore);
}
