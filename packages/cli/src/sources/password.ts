import { readFile } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import type { Settings } from '../settings/value.ts';

/**
 * The user and password that etcd is to be asked with; undefined when no user is set. A trailing line feed of the
 * file is not part of the password.
 *
 * @throws Failure `usage` when a user has no password or the reverse, `file-unreadable`
 */
export async function credentials(
  settings: Settings,
): Promise<{ user: string; password: string } | undefined> {
  const { user, passwordFile, password } = settings;
  if (user === undefined) {
    if (passwordFile === undefined) return undefined;
    throw new Failure('usage', 'a password file is given, but no --user');
  }
  if (user.includes(':')) throw new Failure('usage', 'the user must be given without its password');
  if (passwordFile !== undefined) return { user, password: await readPassword(passwordFile) };
  if (password !== undefined) return { user, password };
  throw new Failure(
    'usage',
    `there is no password for user ${user}; use --password-file FILE or HOLDFAST_PASSWORD`,
  );
}

async function readPassword(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
}
