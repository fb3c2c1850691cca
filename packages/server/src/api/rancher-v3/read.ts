import { isAllowed, type Permission } from '@holdfast/model/fleet';
import type { StoredCluster } from '../../store/clusters.ts';
import type { Store } from '../../store/store.ts';
import { backupsOf, type Backup } from './backup.ts';
import type { RancherAsked } from './mount.ts';
import type { View } from './resource.ts';

/** Saves that are looked at for what is under way or has failed, the newest of a cluster. */
const savesLooked = 1_000;

/** A cluster by its id or its name: document and clients use either. */
export async function findCluster(store: Store, word: string): Promise<StoredCluster | undefined> {
  // PostgreSQL takes no NUL within a text.
  if (word === '' || word.includes('\0')) return undefined;
  return (await store.clusters.get(word)) ?? (await store.clusters.byName(word));
}

/** The backups of a cluster, newest first. */
export async function readBackups(store: Store, cluster: string): Promise<readonly Backup[]> {
  const asked = { clusters: [cluster], kind: 'save', limit: savesLooked } as const;
  const [snapshots, { items: saves }, repositories] = await Promise.all([
    store.snapshots.all(cluster),
    store.operations.list(asked),
    store.repositories.all(),
  ]);
  return backupsOf(cluster, { snapshots, saves, repositories });
}

/** The backup that a word means: the name of its object, of its snapshot, or of the file that Rancher would have made. */
export function backupNamed(backups: readonly Backup[], word: string): Backup | undefined {
  const name = word.replace(/\.zip$/, '');
  return (
    backups.find((each) => each.name === name) ??
    backups.find(({ snapshot, operation }) => snapshot === name || operation === name)
  );
}

/** What the resources of a cluster are shown with. */
export async function viewOf(
  { parts, caller, base, actionsField }: Pick<RancherAsked, 'parts' | 'caller' | 'base' | 'actionsField'>,
  cluster: string,
): Promise<View> {
  const { store } = parts.context;
  const may = (permission: Permission): boolean => isAllowed(caller.grants, permission, cluster);
  const [repositories, policies] = await Promise.all([
    store.repositories.all(),
    store.policies.ofCluster(cluster),
  ]);
  return {
    ...{ base, actionsField },
    may: { save: may('save'), restore: may('restore'), admin: may('admin') },
    repositories: new Map(repositories.map((each) => [each.name, each])),
    policies: policies.map(({ policy }) => policy),
  };
}
