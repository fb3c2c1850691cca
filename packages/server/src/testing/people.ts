import type { Grant } from '@holdfast/model/fleet';
import { newToken } from '../auth/token.ts';
import type { ServerContext } from '../context.ts';
import { newId } from '../ids.ts';

/** Somebody with these grants, straight in the store. @returns the header `Authorization` */
export async function somebody(
  { store, clock, random }: Pick<ServerContext, 'store' | 'clock' | 'random'>,
  grants: readonly Grant[],
): Promise<string> {
  const createdAt = clock.now().toISOString();
  const user = newId('u', random);
  const id = newId('t', random);
  const { token, hash } = newToken('hf', id, random);
  await store.users.create({
    ...{ id: user, name: user.replace('-', ''), createdAt, disabled: false },
    ...{ grants: [...grants], version: 1, password: '' },
  });
  await store.tokens.create({
    ...{ id, user, description: '', createdAt, expiresAt: null, lastUsedAt: null },
    ...{ grants: null, hash, login: false },
  });
  return `Bearer ${token}`;
}
