import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { Grant, User } from '@holdfast/model/fleet';
import type { AskedGrant } from '../program/people-options.ts';
import type { Session } from '../session.ts';
import { readSecretLine } from '../sources/secret-file.ts';
import { askNewSecret } from '../term/ask-secret.ts';
import { clusterNamed } from './clusters.ts';
import type { Fleet } from './connection.ts';

/** The user that is meant: by name or id. @throws Failure user-unknown */
export async function userNamed({ client }: Fleet, word: string): Promise<User> {
  const all = await Array.fromAsync(client.pages('listUsers'));
  const found = all.find(({ name }) => name === word) ?? all.find(({ id }) => id === word);
  if (found !== undefined) return found;
  const names = all.map(({ name }) => name).join(', ');
  throw new Failure('user-unknown', `the server has ${names}`, { user: word });
}

/** Grants with the ids of their clusters. @throws Failure cluster-unknown */
export async function grantsOf(fleet: Fleet, asked: readonly AskedGrant[]): Promise<Grant[]> {
  const grants: Grant[] = [];
  for (const { role, cluster } of asked)
    grants.push({ role, cluster: cluster === null ? null : (await clusterNamed(fleet, cluster)).id });
  return grants;
}

/**
 * A new password: of a file, else asked for twice.
 *
 * @throws Failure not-confirmed, secret-file-exposed, file-unreadable, interrupted
 */
export async function newPassword(
  { io }: Pick<Session, 'io'>,
  file: string | undefined,
  whose: string,
): Promise<string> {
  return file === undefined
    ? await askNewSecret(io, `New password of ${whose}: `, '--password-file')
    : await readSecretLine(resolve(io.cwd, file));
}
