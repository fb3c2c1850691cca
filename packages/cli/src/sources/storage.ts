import { randomInt } from 'node:crypto';
import type { OpenS3Options, Storage } from '@holdfast/repository';
import type { Session } from '../session.ts';
import type { Place } from '../settings/places.ts';

/** What a storage needs of the run of a command. */
export type Surroundings = Pick<Session, 'io' | 'warn'>;

/**
 * Where objects of a repository are kept; nothing is asked of a server yet.
 *
 * @param requests ends every request to a server
 * @throws what its files and settings do
 */
export async function openStorage(
  session: Surroundings,
  { at, limits }: Place,
  requests?: AbortController,
): Promise<Storage> {
  const { LimitedStorage, LocalStorage, openS3 } = await import('@holdfast/repository');
  let storage: Storage;
  if ('folder' in at) {
    storage = new LocalStorage(at.folder);
  } else {
    const { s3SettingsOf } = await import('./s3.ts');
    storage = await openS3(await s3SettingsOf(at.s3), await s3Options(session, requests));
  }
  const isLimited = Object.keys(limits).length > 0;
  return isLimited ? new LimitedStorage(storage, limits, session.io.clock) : storage;
}

/** What S3 needs of this process; `requests` ends every request. */
export async function s3Options(
  { io, warn }: Surroundings,
  requests = new AbortController(),
): Promise<OpenS3Options> {
  const { abortAfterClearing } = await import('@holdfast/engine');
  abortAfterClearing(io.signal, requests);
  return {
    clock: io.clock,
    signal: requests.signal,
    random: () => randomInt(2 ** 32) / 2 ** 32,
    variables: io.env,
    warn,
  };
}
