import type { RepositorySecrets, RepositorySpec } from '@holdfast/model/fleet';
import { LocalStorage, probeS3 } from '@holdfast/repository';
import { type Probe, probeStorage } from '../doctor/probe.ts';
import { abortAfterClearing } from '../in-time.ts';
import { type FleetPlace, s3Options } from './open.ts';
import { fleetS3 } from './s3.ts';

/**
 * Puts, reads, lists and deletes something of its own where a repository of the fleet is, and leaves nothing there; of a
 * bucket it says also whether it refuses to overwrite. A folder that is not there is made.
 *
 * @throws Failure config-invalid; what is wrong with the place is in the answer
 */
export async function probeFleetRepository(
  spec: RepositorySpec,
  secrets: RepositorySecrets,
  place: FleetPlace,
): Promise<Probe> {
  if (spec.s3 === undefined) return await probeStorage(new LocalStorage(spec.path ?? ''));
  const requests = new AbortController();
  abortAfterClearing(place.signal, requests);
  return await probeS3(fleetS3({ name: spec.name, s3: spec.s3 }, secrets), s3Options(place, requests.signal));
}
