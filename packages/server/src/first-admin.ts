import { existsSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import type { Passwords } from './auth/password.ts';
import type { ServerContext } from './context.ts';
import { newId } from './ids.ts';

const passwordBytes = 18;

/**
 * Makes the user `admin` where there is no user at all. Its password is one that a person has chosen, or a new one in a file
 * that only its owner may read.
 *
 * @param chosen null: none was
 * @returns the path of the file with the new password, also where an earlier start has left it: nobody has been told of it
 *   by one that came to nothing. Null: there is none
 * @throws Failure file-unwritable
 */
export async function makeFirstAdmin(
  { store, clock, random }: ServerContext,
  passwords: Passwords,
  { dataDir, chosen }: { readonly dataDir: string; readonly chosen: string | null },
): Promise<string | null> {
  const path = join(dataDir, 'initial-admin-password');
  const left = (): string | null => (existsSync(path) ? path : null);
  if ((await store.users.all()).length > 0) return left();
  const password = chosen ?? Buffer.from(random(passwordBytes)).toString('base64url');
  // Before the user: one whose password nobody has would lock everybody out.
  if (chosen === null) await write(path, password);
  const made = await store.users.create({
    id: newId('u', random),
    name: 'admin',
    createdAt: clock.now().toISOString(),
    disabled: false,
    grants: [{ role: 'admin', cluster: null }],
    version: 1,
    password: await passwords.hash(password),
  });
  // Another replica was faster, and its password counts.
  if (chosen === null && made === null) await rm(path, { force: true });
  return left();
}

async function write(path: string, password: string): Promise<void> {
  try {
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
    await rm(path, { force: true });
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(`${password}\n`);
    await file.sync();
  } catch (error) {
    throw new Failure('file-unwritable', (error as Error).message, { path });
  }
}
