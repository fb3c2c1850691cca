import { formatBytes } from '@holdfast/base';
import type { Io } from '../io.ts';
import { resolveSettings, valuesOf, type Flags } from '../settings/resolve.ts';
import { placeText } from '../settings/places.ts';
import { chosenPlace } from '../sources/places.ts';
import { openQueue } from '../sources/queue.ts';
import { openStorage } from '../sources/storage.ts';
import type { Candidate } from './complete.ts';

/**
 * The snapshots of the folder that the flags, the variables and the files speak of, newest first. A bucket is not asked:
 * when its server does not answer, neither would the prompt.
 */
export async function storedNames(flags: Flags, io: Io): Promise<Candidate[]> {
  const resolved = await resolveSettings(flags, io);
  const settings = valuesOf(resolved);
  const place = chosenPlace({ ...resolved, settings });
  if ('s3' in place.at) return [];
  const { openRepository } = await import('@holdfast/repository');
  // Without a memory: that its keys are seen for the first time is told when a command is run.
  const storage = await openStorage({ io, warn: () => {} }, place);
  const repository = await openRepository(storage, { create: false, clock: io.clock });
  const { snapshots } = await repository.snapshots(settings.cluster);
  return snapshots.toReversed().map(({ name, manifest, state }) => ({
    word: name,
    what: `revision ${manifest.revision}, ${formatBytes(manifest.content.size)}, ${state}`,
  }));
}

/** The restores of the state folder that the flags, the variables and the files speak of, newest first. */
export async function storedRestores(flags: Flags, io: Io): Promise<Candidate[]> {
  const { stateDir } = valuesOf(await resolveSettings(flags, io));
  const { listRestores } = await import('@holdfast/engine');
  const restores = await listRestores(stateDir, () => {});
  return restores.map(({ plan, state }) => ({
    word: plan.id,
    what: `${plan.cluster.name}, ${plan.way}, ${state.phase}`,
  }));
}

/** The copies that wait in the queue of the state folder that the flags, the variables and the files speak of. */
export async function queuedCopies(flags: Flags, io: Io): Promise<Candidate[]> {
  const queue = await openQueue({ settings: valuesOf(await resolveSettings(flags, io)), io });
  const { items } = await queue.list();
  return items.map(({ id, snapshot, to }) => ({ word: id, what: `${snapshot} to ${to}` }));
}

/** The repositories that the configuration file describes. */
export async function configuredNames(flags: Flags, io: Io): Promise<Candidate[]> {
  const { repositories } = await resolveSettings(flags, io);
  return [...repositories.values()].map((place) => ({ word: place.name, what: placeText(place) }));
}
