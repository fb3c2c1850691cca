import { randomUUID } from 'node:crypto';
import { type Clock, isFailure } from '@holdfast/base';
import type { RepositorySecrets } from '@holdfast/model/fleet';
import {
  type ClientKeys,
  openRepository,
  type Repository,
  type Storage,
  unmakeRepository,
} from '@holdfast/repository';
import { initKeys, type NewRecipient } from '@holdfast/repository/keys';

/** What a repository is made with. */
export interface NewFleetRepository {
  readonly storage: Storage;
  readonly secrets: RepositorySecrets;
  readonly keys: ClientKeys;
  readonly clock: Clock;
}

/**
 * Opens a repository, and makes it where there is none: sealed for the identities and the passphrase and signed by the
 * signing key that are given, plain without them. One that was begun, and has neither clusters nor keys, is given its keys.
 * What fails takes back what was made.
 *
 * @throws Failure as `openRepository`, `initKeys` and the keys
 */
export async function openOrMakeFleet(made: NewFleetRepository): Promise<Repository> {
  const { storage, keys, clock } = made;
  const id = randomUUID();
  const repository = await openRepository(storage, { create: true, clock, keys, uuid: () => id });
  if (!hasKeys(made) || repository.ring.list !== undefined || (await repository.clusters()).length > 0)
    return repository;
  try {
    const where = { storage, repositoryId: repository.record.id, client: keys, clock };
    const signers = keys.signing === undefined ? [] : [{ key: keys.signing.publicKey, name: 'server' }];
    await initKeys(where, await recipientsOf(made), signers);
    return await openRepository(storage, { create: false, clock, keys });
  } catch (error) {
    if (repository.record.id === id) await takeBack(repository);
    throw error;
  }
}

function hasKeys({ secrets: { identities, passphrase, signingKey } }: NewFleetRepository): boolean {
  return identities !== undefined || passphrase !== undefined || signingKey !== undefined;
}

async function recipientsOf({ keys, secrets }: NewFleetRepository): Promise<NewRecipient[]> {
  const opened = (await keys.opening?.())?.keys ?? [];
  const named = opened.map((key, at) => ({ name: `identity-${at + 1}`, key: key.publicKey }));
  const { passphrase } = secrets;
  return passphrase === undefined ? named : [...named, { name: 'passphrase', key: { passphrase } }];
}

/** A key list may have come into being all the same: then it stays. */
async function takeBack(repository: Repository): Promise<void> {
  try {
    for await (const { key } of repository.storage.list('keys')) if (key.endsWith('.json')) return;
    await unmakeRepository(repository);
  } catch (error) {
    if (!isFailure(error)) throw error;
  }
}
