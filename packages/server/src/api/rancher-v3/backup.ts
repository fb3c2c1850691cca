import { parseSnapshotName } from '@holdfast/model';
import type { FleetSnapshot, Operation } from '@holdfast/model/fleet';
import type { StoredRepository } from '../../store/repositories.ts';

/** Where a backup is stored. */
interface Copy {
  readonly repository: string;
  /** In the catalogue; null where the catalogue does not have it: a folder that only nodes see, or not looked at yet. */
  readonly id: string | null;
  readonly isDamaged: boolean;
}

/** What backups are read from: of one cluster, but for the repositories. */
export interface BackupSources {
  readonly snapshots: readonly FleetSnapshot[];
  readonly saves: readonly Operation[];
  readonly repositories: readonly Pick<StoredRepository, 'name' | 'spec' | 'scannedAt'>[];
}

/** A snapshot, or a save that is to become one, as Rancher's API knows it. */
export interface Backup {
  /** Its object's name: that of the snapshot without the time, where Rancher's API named it; else the whole. */
  readonly name: string;
  readonly cluster: string;
  /** Of the snapshot; what it will be called where it is not stored yet. */
  readonly snapshot: string;
  readonly manual: boolean;
  readonly state: 'activating' | 'active' | 'failed';
  /** Why it failed; '' otherwise. */
  readonly message: string;
  readonly createdAt: string;
  /** Null while it is not over. */
  readonly endedAt: string | null;
  /** Who asked for it; null where nobody knows any more. */
  readonly by: string | null;
  readonly kubernetesVersion: string | null;
  /** Where it is stored, in the order of the names. */
  readonly stored: readonly Copy[];
  /** The repositories that it is in; that it is to come into, where it is in none. */
  readonly places: readonly string[];
  /** The save behind it, where it is known. */
  readonly operation: string | null;
}

/** The backups of a cluster, newest first: what the catalogue lists, and the saves that came to nothing or are under way. */
export function backupsOf(cluster: string, sources: BackupSources): readonly Backup[] {
  const stored = Map.groupBy(
    sources.snapshots.filter(({ missing }) => !missing),
    ({ name }) => name,
  );
  const known = new Map(sources.saves.map((save) => [snapshotOf(save), save]));
  const there = [...stored].map(([name, found]) => {
    const save = known.get(name);
    return storedBackup(cluster, name, { found, save, unseen: unseenOf(save, sources) });
  });
  const others = sources.saves
    .filter((save) => !stored.has(snapshotOf(save)))
    .map((save) => savedBackup(cluster, save, unseenOf(save, sources)));
  return [...there, ...others].toSorted(
    (a, b) => b.createdAt.localeCompare(a.createdAt) || (a.name < b.name ? -1 : 1),
  );
}

/** Copies that a save has made and the catalogue cannot know: what it has not looked at since, or never does. */
function unseenOf(save: Operation | undefined, { snapshots, repositories }: BackupSources): readonly Copy[] {
  const endedAt = save?.endedAt ?? null;
  if (save === undefined || endedAt === null) return [];
  const places = save.result?.['storedIn'];
  const name = snapshotOf(save);
  return (Array.isArray(places) ? places : []).flatMap((place: unknown): Copy[] => {
    const repository = repositories.find((each) => each.name === place);
    if (repository === undefined) return [];
    const { spec, scannedAt } = repository;
    if (spec.readByServer && scannedAt !== null && scannedAt >= endedAt) return [];
    // One that it knows as missing it has looked for.
    const isKnown = snapshots.some((each) => each.name === name && each.repository === repository.name);
    return isKnown ? [] : [{ repository: repository.name, id: null, isDamaged: false }];
  });
}

/** The name of an object of Rancher's within the name of its snapshot. */
export function objectName(snapshot: string): string {
  const { form, base } = parseSnapshotName(snapshot);
  return form === 'rancher-rke1' && base !== undefined ? base : snapshot;
}

function storedBackup(
  cluster: string,
  name: string,
  of: {
    readonly found: readonly FleetSnapshot[];
    readonly save: Operation | undefined;
    readonly unseen: readonly Copy[];
  },
): Backup {
  const { found, save, unseen } = of;
  const [first] = found;
  const seen = found.map(({ repository, id, state }) => ({ repository, id, isDamaged: state === 'damaged' }));
  const stored = [...seen, ...unseen].toSorted((a, b) => (a.repository < b.repository ? -1 : 1));
  const isUsable = stored.some(({ isDamaged }) => !isDamaged);
  return {
    name: objectName(name),
    cluster,
    snapshot: name,
    places: stored.map(({ repository }) => repository),
    manual: first?.trigger !== 'schedule',
    state: isUsable ? 'active' : 'failed',
    message: isUsable ? '' : 'the stored snapshot is damaged',
    createdAt: save?.createdAt ?? first?.startedAt ?? '',
    endedAt: first?.finishedAt ?? null,
    by: save?.requestedBy ?? null,
    kubernetesVersion:
      found.find(({ kubernetesVersion }) => kubernetesVersion !== null)?.kubernetesVersion ?? null,
    stored,
    operation: save?.id ?? null,
  };
}

function savedBackup(cluster: string, save: Operation, stored: readonly Copy[]): Backup {
  const snapshot = snapshotOf(save);
  const isSaved = save.state === 'succeeded' || save.state === 'partial';
  const why = save.failure === null ? save.why : `${save.failure.what}: ${save.failure.why}`;
  // What was saved and is in none of its repositories any more was deleted: nothing can be restored from it.
  const gone = 'the snapshot is not in its repository any more';
  const state = save.endedAt === null ? 'activating' : stored.length > 0 ? 'active' : 'failed';
  return {
    ...{ name: objectName(snapshot), cluster, snapshot, state, stored, kubernetesVersion: null },
    places: stored.length > 0 ? stored.map(({ repository }) => repository) : targetsOf(save),
    manual: save.trigger !== 'schedule',
    message: state === 'active' ? '' : isSaved ? gone : why,
    createdAt: save.createdAt,
    endedAt: save.endedAt,
    by: save.requestedBy,
    operation: save.id,
  };
}

/** The name that a save has given its snapshot, or will give it; the operation's own id where nobody knows it yet. */
function snapshotOf({ id, input, result }: Operation): string {
  const [made, wanted] = [result?.['snapshot'], input['name']];
  if (typeof made === 'string' && made !== '') return made;
  return typeof wanted === 'string' && wanted !== '' ? wanted : id;
}

function targetsOf({ input }: Operation): readonly string[] {
  const targets: readonly unknown[] = Array.isArray(input['targets']) ? input['targets'] : [];
  return targets.flatMap((target) => (target as { readonly repository?: string }).repository ?? []);
}
