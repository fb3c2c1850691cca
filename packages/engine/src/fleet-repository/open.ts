import { type Clock, Failure, formatDuration, limits } from '@holdfast/base';
import type { RepositorySecrets, RepositorySpec } from '@holdfast/model/fleet';
import {
  LocalStorage,
  openRepository,
  openS3,
  type OpenS3Options,
  type Repository,
  type Storage,
} from '@holdfast/repository';
import { abortAfterClearing, inTime } from '../in-time.ts';
import { fleetKeys } from './keys.ts';
import { openOrMakeFleet } from './make.ts';
import { fleetS3 } from './s3.ts';

/** What a repository of the fleet is opened with. */
export interface FleetPlace {
  readonly clock: Clock;
  /** Ends its requests some seconds later, also once it is open: what was begun is cleared away in them. */
  readonly signal: AbortSignal;
  /** Told what the user should know of the settings, in a sentence. */
  readonly warn: (message: string) => void;
  /** A number from 0 to 1, below 1. */
  readonly random: () => number;
  /** Where proxies and a default region are looked for: process.env; nowhere when absent. */
  readonly variables?: OpenS3Options['variables'];
}

/** Of opening, beside where that is done. */
export interface OpenFleetOptions extends FleetPlace {
  /**
   * Makes the repository where nothing is there (an empty or absent folder, or an empty place in a bucket): sealed for the
   * identities and the passphrase and signed by the signing key among the secrets, plain without them.
   */
  readonly create: boolean;
  /** The folder of what was seen of repositories, so that none goes back behind it. */
  readonly memory: string;
  /** Milliseconds that it is waited for; `limits.repositoryOpenMs` when absent. */
  readonly withinMs?: number;
}

/**
 * Opens a repository as the fleet describes it, with its secrets in memory alone.
 *
 * @throws Failure config-invalid, signing-key-invalid, trusted-keys-invalid; what `openRepository` throws;
 *   `s3-unreachable` or `file-unreadable` where it has not answered in time; the signal's reason
 */
export async function openFleetRepository(
  spec: RepositorySpec,
  secrets: RepositorySecrets,
  options: OpenFleetOptions,
): Promise<Repository> {
  const { create, clock, memory, signal, withinMs = limits.repositoryOpenMs } = options;
  const requests = new AbortController();
  const open = async (): Promise<Repository> => {
    const storage = await fleetStorage(spec, secrets, options, requests);
    const keys = fleetKeys(spec.name, secrets, memory);
    if (create) return await openOrMakeFleet({ storage, secrets, keys, clock });
    return await openRepository(storage, { create, clock, keys });
  };
  const failure = lateFailure(spec, withinMs);
  const repository = await inTime(open, requests, { ms: withinMs, failure, signal });
  abortAfterClearing(signal, requests);
  return repository;
}

/** Where its objects are; nothing is asked yet. @throws Failure config-invalid */
async function fleetStorage(
  spec: RepositorySpec,
  secrets: RepositorySecrets,
  place: FleetPlace,
  requests: AbortController,
): Promise<Storage> {
  if (spec.s3 === undefined) return new LocalStorage(spec.path ?? '');
  return await openS3(fleetS3({ name: spec.name, s3: spec.s3 }, secrets), s3Options(place, requests.signal));
}

/** What S3 needs of where it is opened. */
export function s3Options(
  { clock, random, warn, variables = {} }: FleetPlace,
  signal: AbortSignal,
): OpenS3Options {
  return { clock, random, warn, variables, signal };
}

function lateFailure({ name, path, s3 }: RepositorySpec, ms: number): Failure {
  const why = `it could not be opened within ${formatDuration(ms)}`;
  return s3 === undefined
    ? new Failure('file-unreadable', why, { path: path ?? name })
    : new Failure('s3-unreachable', why, { endpoint: s3.endpoint ?? name });
}
