import { randomUUID } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { Failure, isFailure } from '@holdfast/base';
import type { Repository, Storage } from '@holdfast/repository';
import type { KeyChange } from '@holdfast/repository/keys';
import type { Session } from '../session.ts';
import type { Place } from '../settings/places.ts';
import { hasKeys, makeKeyFiles, type FirstKeys } from './first-keys.ts';
import { openStorage } from './storage.ts';

/** A repository that was made, and its first key list, where it has one. */
export interface NewRepository {
  readonly repository: Repository;
  readonly change: KeyChange | undefined;
}

/**
 * Makes a repository with its keys, or goes on with one that was begun: that has no cluster and no keys yet. The files of
 * new keys come first, so that a repository without its keys is as good as never there. What fails takes back what this
 * run has made; what cannot be taken back is told.
 *
 * @throws repository-exists, repository-foreign, what `makeKeyFiles` and the keys throw
 */
export async function makeRepository(
  session: Session,
  place: Place,
  keys: FirstKeys,
): Promise<NewRepository> {
  // What the user is to be warned of was said when the place was tried out.
  const storage = await openStorage({ ...session, warn: () => {} }, place);
  const begun = await findBegun(session, storage, { place, keys });
  const { files, ...ready } = await makeKeyFiles(session, keys);
  const { clock } = session.io;
  let repository = begun;
  let isOurs = false;
  try {
    const { openRepository } = await import('@holdfast/repository');
    const id = randomUUID();
    repository ??= await openRepository(storage, { create: true, clock, uuid: () => id });
    isOurs = repository.record.id === id;
    if (!hasKeys(keys)) return { repository, change: undefined };
    const { initKeys } = await import('@holdfast/repository/keys');
    const { client, recipients, signers } = ready;
    const where = { storage, repositoryId: repository.record.id, client, clock };
    return { repository, change: await initKeys(where, recipients, signers) };
  } catch (error) {
    const listed = repository !== undefined && (await mayBeListed(storage));
    const left = repository && (await whatIsLeft(repository, { isOurs, listed }));
    if (left !== undefined) session.warn(`the repository ${place.name} is there, ${left}`);
    if (!listed) for (const file of files) await unlink(file);
    else if (files.length > 0) session.warn(`the new keys are kept: ${files.join(', ')}`);
    throw error;
  }
}

/** What is there already and waits for its keys. @throws repository-exists, repository-foreign */
async function findBegun(
  { io: { clock } }: Session,
  storage: Storage,
  { place, keys }: { readonly place: Place; readonly keys: FirstKeys },
): Promise<Repository | undefined> {
  const { openRepository } = await import('@holdfast/repository');
  try {
    const found = await openRepository(storage, { create: false, clock });
    if (hasKeys(keys) && found.ring.list === undefined && (await found.clusters()).length === 0) return found;
    throw new Failure('repository-exists', `its id is ${found.record.id}`, { repository: place.name });
  } catch (error) {
    if (isFailure(error, 'repository-missing')) return undefined;
    throw error;
  }
}

/** Whether a key list is there: its answer may have been lost, and then the new keys count. */
async function mayBeListed(storage: Storage): Promise<boolean> {
  try {
    for await (const { key } of storage.list('keys')) if (key.endsWith('.json')) return true;
    return false;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return true;
  }
}

/** Takes it back where this run has made it; else, and where that fails, how it is now. */
async function whatIsLeft(
  repository: Repository,
  { isOurs, listed }: { readonly isOurs: boolean; readonly listed: boolean },
): Promise<string | undefined> {
  if (!listed && !isOurs) return 'as it was before, and seals nothing until it has its keys';
  const { unmakeRepository } = await import('@holdfast/repository');
  try {
    if (isOurs) await unmakeRepository(repository);
    return isOurs ? undefined : 'and has a key list: `holdfast repo keys list` tells for whom it seals';
  } catch (error) {
    if (!isFailure(error)) throw error;
    return `and was not taken back: ${error.why}; it may seal nothing until \`holdfast repo init\` is run again`;
  }
}
