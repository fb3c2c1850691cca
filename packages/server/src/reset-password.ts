import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import { Failure, type Clock } from '@holdfast/base';
import { makePasswords } from './auth/password.ts';
import { databaseFile, openStore, type StorePlace } from './open-store.ts';

/** Who gets which password. */
export interface PasswordReset {
  /** The user's name. */
  readonly name: string;
  readonly password: string;
}

/**
 * Gives a user a new password in a server's own store, whether the server runs or not; who was disabled is enabled, and
 * their logins end. The audit log tells of it.
 *
 * @throws Failure user-unknown, file-unreadable where there is no database, store-unreachable, store-newer, store-full
 */
export async function resetPassword(
  place: StorePlace,
  { name, password }: PasswordReset,
  clock: Clock,
): Promise<void> {
  if (place.databaseUrl === null) await mustBeThere(databaseFile(place.dataDir));
  const hash = await makePasswords((bytes) => randomBytes(bytes)).hash(password);
  const store = await openStore(place, clock);
  try {
    await store.transaction(async (tables) => {
      const user = await tables.users.byName(name);
      if (user === undefined) {
        const all = (await tables.users.all()).map((each) => each.name).join(', ');
        throw new Failure('user-unknown', `the server has ${all || 'none'}`, { user: name });
      }
      await tables.users.put(user.id, null, { password: hash, disabled: false });
      await tables.tokens.removeLogins(user.id, null);
      await tables.audit.append({
        ...{ at: clock.now().toISOString(), by: 'server', token: null, address: null, cluster: null },
        ...{ action: 'resetPassword', of: user.id, outcome: 'allowed' },
        details: { name, wasDisabled: user.disabled, offline: true },
      });
    });
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

/** A wrong folder would be given a database of its own. @throws Failure file-unreadable */
async function mustBeThere(path: string): Promise<void> {
  try {
    await access(path);
  } catch (error) {
    throw new Failure('file-unreadable', (error as Error).message, { path });
  }
}
