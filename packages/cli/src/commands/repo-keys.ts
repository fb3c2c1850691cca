import type { Verb } from '../program/verb.ts';
import { addKeysAdd } from './repo-keys-add.ts';
import { addKeysList } from './repo-keys-list.ts';
import { addKeysPassphrase } from './repo-keys-passphrase.ts';
import { addRecoveryKit } from './repo-keys-recovery-kit.ts';
import { addKeysRemove } from './repo-keys-remove.ts';
import { addKeysRotate } from './repo-keys-rotate.ts';

export function addRepoKeys(parent: Verb): void {
  const keys = parent.command('keys');
  keys.description('Say who can read what is stored, and whose signatures count.');
  addKeysList(keys);
  addKeysAdd(keys);
  addKeysRemove(keys);
  addKeysRotate(keys);
  addKeysPassphrase(keys);
  addRecoveryKit(keys);
}
