import { isFailure, type Clock } from '@holdfast/base';
import { isSnapshotName } from '@holdfast/model';
import { isClaim } from '../claim.ts';
import { Commits } from '../commits.ts';
import {
  clusterKey,
  evidenceFolder,
  isManifestFile,
  manifestV1File,
  objectFile,
  pinFile,
  removedFolder,
  repositoryKey,
  snapshotFolder,
  unwantedFile,
} from '../layout.ts';
import type { Listing } from '../listing.ts';
import type { Repository } from '../repository.ts';
import type { ObjectLock, StoredObject } from '../storage/storage.ts';

/** What is stored and belongs to no snapshot. */
export interface Leftover {
  /** The key of an object, or of a folder that bears a snapshot's name. */
  readonly key: string;
  /**
   * `unfinished`: under a snapshot's name, with the claim of its writer. `unclaimed`: without, so that it may be a
   * snapshot which lost its manifest. `claim`: a writer's claim in a snapshot that exists. `stray`: nobody's.
   */
  readonly kind: 'unfinished' | 'unclaimed' | 'claim' | 'stray';
  readonly clusterId: string | null;
  readonly name: string | null;
  /** Bytes. */
  readonly size: number;
  /** When it was last written to. */
  readonly modifiedAt: Date;
  /** Whether somebody is at work on it. */
  readonly busy: boolean;
  /** Until when nobody may remove a part of it. */
  readonly lock: ObjectLock | null;
}

/**
 * Finds what belongs to no snapshot: what unfinished saves and removals left, and objects that are nobody's. Unplaced
 * uploads are not among them, for no storage lists those.
 *
 * @param listing of the whole repository, made right before
 * @throws what storages throw
 */
export async function findLeftovers(
  repository: Pick<Repository, 'storage' | 'ring'>,
  clock: Clock,
  listing: Listing,
): Promise<Leftover[]> {
  const { storage } = repository;
  const folders = new Map<string, StoredObject[]>();
  const single: [StoredObject, 'claim' | 'stray'][] = [];
  const owner = await owners(repository, clock, listing);
  for await (const object of storage.list('', () => {})) {
    const owned = owner(object.key);
    if (typeof owned === 'object') folders.set(owned.folder, [...(folders.get(owned.folder) ?? []), object]);
    else if (owned !== 'known') single.push([object, owned]);
  }
  const leftovers: Leftover[] = [];
  for (const [object, kind] of single) {
    const { key, size, modifiedAt } = object;
    const lock = (await storage.stat(key))?.lock ?? null;
    const [, clusterId, , name] = kind === 'claim' ? key.split('/') : [];
    leftovers.push({ key, kind, ...at(clusterId, name), size, modifiedAt, busy: false, lock });
  }
  for (const { clusterId, name, busy, size } of listing.unfinished) {
    const key = snapshotFolder(clusterId, name);
    const objects = folders.get(key) ?? [];
    const locks: ObjectLock[] = [];
    for (const object of objects) {
      const lock = (await storage.stat(object.key))?.lock;
      if (lock !== undefined) locks.push(lock);
    }
    leftovers.push({
      key,
      kind: objects.some(isClaim) ? 'unfinished' : 'unclaimed',
      clusterId,
      name,
      size,
      modifiedAt: new Date(Math.max(0, ...objects.map(({ modifiedAt }) => modifiedAt.getTime()))),
      busy,
      lock: locks.sort((a, b) => b.until.getTime() - a.until.getTime())[0] ?? null,
    });
  }
  return leftovers;
}

function at(clusterId: string | undefined, name: string | undefined): Pick<Leftover, 'clusterId' | 'name'> {
  return { clusterId: clusterId ?? null, name: name ?? null };
}

type Owner = 'known' | 'claim' | 'stray' | { readonly folder: string };

/** Tells of each key whose it is; a folder: that of an unfinished snapshot. */
async function owners(
  { storage, ring }: Pick<Repository, 'storage' | 'ring'>,
  clock: Clock,
  { snapshots, unfinished, damaged }: Listing,
): Promise<(key: string) => Owner> {
  const entries = new Map(snapshots.map((entry) => [snapshotFolder(entry.cluster.id, entry.name), entry]));
  const remains = new Set(unfinished.map(({ clusterId, name }) => snapshotFolder(clusterId, name)));
  const doubtful = new Set(
    damaged.flatMap(({ clusterId, name }) => (name === null ? [] : snapshotFolder(clusterId, name))),
  );
  const committed = new Map<string, ReadonlySet<string> | undefined>();
  for (const { cluster } of snapshots) {
    if (!committed.has(cluster.id))
      committed.set(cluster.id, await committedIn({ storage, ring, clock }, cluster.id));
  }
  return (key) => {
    const [, clusterId = '', , name = '', ...rest] = key.split('/');
    if (!/^clusters\/[^/]+\/snapshots\/./.test(key) || !isSnapshotName(name) || rest.length === 0)
      return isKnown(key) ? 'known' : 'stray';
    const folder = snapshotFolder(clusterId, name);
    const file = rest.join('/');
    if (remains.has(folder)) return { folder };
    const entry = entries.get(folder);
    // What a manifest that cannot be read would name is not known.
    if (entry === undefined) return doubtful.has(folder) ? 'known' : 'stray';
    if (/^claim-[1-9]\d{0,8}\.json$/.test(file)) return 'claim';
    if (file === pinFile || file === unwantedFile) return 'known';
    if (file.startsWith(`${evidenceFolder}/`) && file.endsWith('.json')) return 'known';
    if (entry.manifest.objects.some((object) => objectFile(object) === file)) return 'known';
    const counting = committed.get(clusterId);
    const isOwn =
      isManifestFile(file) && (counting === undefined || counting.has(key) || file === manifestV1File);
    return isOwn ? 'known' : 'stray';
  };
}

/** Undefined where that cannot be known. */
async function committedIn(
  place: ConstructorParameters<typeof Commits>[0],
  clusterId: string,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const committed = await new Commits(place, clusterId).committed();
    return committed && new Set(committed.keys());
  } catch (error) {
    if (isFailure(error)) return undefined;
    throw error;
  }
}

function isKnown(key: string): boolean {
  const clusterId = /^clusters\/([^/]+)\//.exec(key)?.[1];
  if (clusterId === undefined)
    return key === repositoryKey || /^keys\/(?:\d{6}\.json|secret-[0-9a-f]{32}\.age)$/.test(key);
  if (key === clusterKey(clusterId)) return true;
  return /^clusters\/[^/]+\/lease\/\d{12}\.json$/.test(key) || key.startsWith(`${removedFolder(clusterId)}/`);
}
