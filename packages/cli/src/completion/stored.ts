import { formatBytes } from '@holdfast/base';
import type { Io } from '../io.ts';
import { resolveSettings, valuesOf, type Flags } from '../settings/resolve.ts';
import type { Candidate } from './complete.ts';

/** The snapshots of the repository that the flags, the variables and the files speak of, newest first. */
export async function storedNames(flags: Flags, io: Io): Promise<Candidate[]> {
  const { repo, cluster } = valuesOf(await resolveSettings(flags, io));
  if (repo === undefined) return [];
  const { openRepository } = await import('@holdfast/repository');
  const repository = await openRepository(repo, { create: false, clock: io.clock });
  const { snapshots } = await repository.snapshots(cluster);
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
