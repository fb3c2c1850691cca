import { systemClock } from '@holdfast/base';
import { SigningKey } from '../../manifest/signing-key.ts';
import { MemoryStorage } from '../../lease/testing/memory-storage.ts';
import type { OpenWith } from '../../object/age/header.ts';
import { generateSecretKey, type SecretKey } from '../../object/keys/secret-key.ts';
import type { Storage } from '../../storage/storage.ts';
import type { KeyChangePlace } from '../change.ts';
import type { ClientKeys } from '../client-keys.ts';

export const repositoryId = '3f0c7a52-1d4e-4a6b-9c01-5e2d7f8a9b10';

/** A clock that goes on by a second each time it is asked. */
export function tickingClock(start = '2026-11-20T09:00:00Z'): KeyChangePlace['clock'] {
  let at = Date.parse(start);
  return { ...systemClock, now: () => new Date((at += 1000)) };
}

export function memoryStorage(): Storage {
  return new MemoryStorage(systemClock);
}

/** A client in a repository whose keys it may change as far as its keys go. */
export function placeOf(storage: Storage, client: ClientKeys, clock = tickingClock()): KeyChangePlace {
  return { storage, repositoryId, client, clock };
}

/** What a client opens with. */
export function opens(using: OpenWith): Pick<ClientKeys, 'opening'> {
  return { opening: async () => using };
}

/** Keys, made once, for tests that need many. */
export async function someKeys(count: number): Promise<{ secrets: SecretKey[]; signers: SigningKey[] }> {
  const secrets = await Promise.all(Array.from({ length: count }, () => generateSecretKey()));
  return { secrets, signers: Array.from({ length: count }, () => SigningKey.generate()) };
}
