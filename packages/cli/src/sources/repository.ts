import { Failure, formatDuration, isFailure, limits } from '@holdfast/base';
import type { ClientKeys, Repository } from '@holdfast/repository';
import type { Session } from '../session.ts';
import { placeAddress, type Place } from '../settings/places.ts';
import { tellKeys } from './key-news.ts';
import { clientKeys } from './keys.ts';
import { chosenPlace, chosenPlaces } from './places.ts';
import { openStorage, type Surroundings } from './storage.ts';

/** A repository that a save is to be put in, or why it cannot be. */
export interface OpenedRepository {
  /** As `--repo` takes it. */
  readonly name: string;
  /** Where that is, with the server of a bucket. */
  readonly at: string;
  /** Whether the save has failed when it is not put here. */
  readonly required: boolean;
  /** Whether the copy here goes once all other required ones are stored and read back. */
  readonly dropLocal: boolean;
  readonly repository: Repository | Failure;
}

/**
 * The repository of the settings: the first, where there are several.
 *
 * @throws Failure `usage` when none is set, `repository-missing`, `repository-foreign`, `repository-newer`, and what
 *   settings, keys and the storage throw
 */
export async function openRepository(session: Session): Promise<Repository> {
  return await openPlace(session, chosenPlace(session));
}

/**
 * Every repository of the settings, in their order, each opened or with the reason why not. They are opened at the same
 * time, and of several no bucket is waited for any longer than `withinMs`.
 *
 * @throws Failure `usage`, and what the keys throw; not what is wrong with one of the repositories
 */
export async function openRepositories(
  session: Session,
  withinMs: number = limits.repositoryOpenMs,
): Promise<OpenedRepository[]> {
  const places = chosenPlaces(session);
  const keys = await clientKeys(session.settings);
  const options = { keys, ...(places.length > 1 && { withinMs }) };
  return await Promise.all(places.map((place) => opened(session, place, options)));
}

/**
 * The same repositories with those made that are missing, and that are an empty or absent folder; a bucket is never made
 * one.
 *
 * @throws Failure what the keys throw
 */
export async function withMissingMade(
  session: Session,
  found: readonly OpenedRepository[],
): Promise<OpenedRepository[]> {
  const keys = await clientKeys(session.settings);
  const places = new Map(chosenPlaces(session).map((place) => [place.name, place]));
  const make = async (each: OpenedRepository): Promise<OpenedRepository> => {
    const place = places.get(each.name);
    if (place === undefined || !('folder' in place.at) || !isMissing(each)) return each;
    return await opened(session, place, { create: true, keys });
  };
  return await Promise.all(found.map(make));
}

/** Whether nothing is where it should be. */
export function isMissing({ repository }: OpenedRepository): boolean {
  return isFailure(repository, 'repository-missing');
}

/**
 * The repository of a name of the configuration file, a folder, or an `s3://` address, with the settings of this run.
 *
 * @param withinMs milliseconds after which a bucket that does not answer is given up; as its storage does when absent
 * @throws Failure as openRepository
 */
export async function openNamed(session: Session, name: string, withinMs?: number): Promise<Repository> {
  return await openPlace(session, placeNamed(session, name), withinMs === undefined ? {} : { withinMs });
}

/** The same; a folder that is empty or absent becomes one. */
export async function openOrMake(session: Session, name: string): Promise<Repository> {
  return await openPlace(session, placeNamed(session, name), { create: true });
}

/** Whether a save removes its copy in the repository of such a name once all other required ones are stored. */
export function dropsLocal(session: Session, name: string): boolean {
  return placeNamed(session, name).dropLocal;
}

/** Where the repository of such a name is, with the server of a bucket. */
export function addressOf(session: Session, name: string): string {
  return placeAddress(placeNamed(session, name));
}

function placeNamed({ settings, repositories }: Session, name: string): Place {
  // What flags say of buckets is about those that are named by their address, and here not every one has to be.
  return chosenPlace({ settings: { ...settings, repo: [name] }, repositories, origins: [] });
}

interface PlaceOptions {
  /** Whether an empty or absent folder becomes one; false when absent. */
  readonly create?: boolean;
  /** Those of the settings, unless they were read before. */
  readonly keys?: ClientKeys;
  /** Milliseconds that a bucket is waited for. */
  readonly withinMs?: number;
}

/** One of them. @throws Failure as openRepository, and `s3-unreachable` after `withinMs` */
export async function openPlace(
  session: Surroundings & Pick<Session, 'settings'>,
  place: Place,
  options: PlaceOptions = {},
): Promise<Repository> {
  const requests = new AbortController();
  const { withinMs } = options;
  const open = (): Promise<Repository> => openWith(session, place, { ...options, requests });
  let repository: Repository;
  if (withinMs === undefined || 'folder' in place.at) {
    repository = await open();
  } else {
    const { inTime } = await import('@holdfast/engine');
    const failure = failureAfter(withinMs, place.at.s3.endpoint ?? place.name);
    repository = await inTime(open, requests, { ms: withinMs, failure, signal: session.io.signal });
  }
  tellKeys(session, repository);
  return repository;
}

async function opened(session: Session, place: Place, options: PlaceOptions): Promise<OpenedRepository> {
  const { name, required, dropLocal } = place;
  const same = { name, at: placeAddress(place), required, dropLocal };
  try {
    return { ...same, repository: await openPlace(session, place, options) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { ...same, repository: error };
  }
}

async function openWith(
  session: Surroundings & Pick<Session, 'settings'>,
  place: Place,
  { create = false, keys, requests }: PlaceOptions & { readonly requests: AbortController },
): Promise<Repository> {
  const { openRepository: open } = await import('@holdfast/repository');
  return await open(await openStorage(session, place, requests), {
    create: create && 'folder' in place.at,
    clock: session.io.clock,
    keys: keys ?? (await clientKeys(session.settings)),
  });
}

function failureAfter(ms: number, endpoint: string): Failure {
  return new Failure('s3-unreachable', `it could not be opened within ${formatDuration(ms)}`, { endpoint });
}
