import { repositoryNames } from '../clusters/repositories-given.ts';
import type { Caller } from '../auth/caller.ts';
import type { Tables } from '../store/store.ts';
import { clustersSeen } from './clusters-seen.ts';

/** The repositories that a caller may see: those of the clusters that they see; null: all. */
export async function repositoriesSeen(
  { clusters, policies }: Pick<Tables, 'clusters' | 'policies'>,
  caller: Caller,
): Promise<Set<string> | null> {
  const seen = clustersSeen(caller);
  if (seen === null) return null;
  const [all, policiesOfAll] = await Promise.all([clusters.all(), policies.all()]);
  const own = all.filter(({ id }) => seen.includes(id));
  return new Set(
    own.flatMap((each) => [
      ...repositoryNames(
        each,
        policiesOfAll.filter(({ cluster }) => cluster === each.id),
      ),
    ]),
  );
}
