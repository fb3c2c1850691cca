import type { Verb } from '../program/verb.ts';
import { addTokenCreate } from './token-create.ts';
import { addTokenList } from './token-list.ts';
import { addTokenRevoke } from './token-revoke.ts';

export function addToken(parent: Verb): void {
  const token = parent.command('token');
  token.description('Your own tokens at a server, for scripts.');
  addTokenList(token);
  addTokenCreate(token);
  addTokenRevoke(token);
}
