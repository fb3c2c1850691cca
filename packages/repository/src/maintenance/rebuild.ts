import { isFailure, type Clock } from '@holdfast/base';
import { Commits } from '../commits.ts';
import { readEntry } from '../entry.ts';
import { clusterFolder, clustersFolder, sortObjects, type SnapshotFolder } from '../layout.ts';
import { WriterLease, type Committed } from '../lease/index.ts';
import { removedAmong } from '../removal-record.ts';
import type { Repository } from '../repository.ts';

type Place = Pick<Repository, 'storage' | 'ring'>;

/** The clusters whose record of commits is lost: manifests are there, and no entry of their lease. @throws what storages throw */
export async function lostCommits({ storage, ring }: Place, clock: Clock): Promise<string[]> {
  const { clusterIds, folders } = await sortObjects(storage.list(clustersFolder, () => {}));
  const lost: string[] = [];
  for (const clusterId of new Set([...clusterIds, ...folders.map((each) => each.clusterId)])) {
    const own = folders.filter((folder) => folder.clusterId === clusterId);
    if (!own.some((folder) => epochsIn(folder).length > 0)) continue;
    try {
      if ((await new Commits({ storage, ring, clock }, clusterId).committed()) === undefined)
        lost.push(clusterId);
    } catch (error) {
      // Entries are there, and cannot be read: a person decides about them.
      if (!isFailure(error)) throw error;
    }
  }
  return lost;
}

/**
 * Begins the record of a cluster's commits anew: with the newest manifest of each folder that is trusted, was not removed
 * and has its objects whole, as far as sizes tell. What an unfinished writer had not committed may be among them: then it
 * is whole all the same.
 *
 * @returns the names that count from then on; undefined where a record is there, and nothing is changed
 * @throws what storages throw
 */
export async function rebuildCommits(
  { storage, ring }: Place,
  clock: Clock,
  clusterId: string,
): Promise<string[] | undefined> {
  const { folders } = await sortObjects(storage.list(clusterFolder(clusterId)));
  const removed = await removedAmong({ storage, ring }, clusterId);
  const found: { name: string; committed: Committed; sequence: number }[] = [];
  for (const folder of folders) {
    for (const [file, epoch] of epochsIn(folder)) {
      const entry = await entryOf({ storage, ring, clock }, folder, file);
      if (entry === undefined || !entry.trust.trusted || entry.damage !== null) continue;
      if (removed.has(entry.manifestSha256)) continue;
      const { key, size } = folder.objects.get(file)!;
      const committed = { key, epoch, size, sha256: entry.manifestSha256 };
      found.push({ name: folder.name, committed, sequence: entry.manifest.lineage?.sequence ?? 0 });
      break;
    }
  }
  found.sort((a, b) => a.committed.epoch - b.committed.epoch || a.sequence - b.sequence);
  const lease = new WriterLease(storage, clusterFolder(clusterId), { clock });
  if (!(await lease.begin(found.map(({ committed }) => committed)))) return undefined;
  return found.map(({ name }) => name);
}

async function entryOf(
  place: Place & { readonly clock: Clock },
  folder: SnapshotFolder,
  file: string,
): ReturnType<typeof readEntry> {
  try {
    return await readEntry(
      { ...place, damaged: [], evidence: 'newest' },
      folder,
      { file, committed: 'unknown' },
      undefined,
    );
  } catch (error) {
    if (isFailure(error, 'manifest-damaged') || isFailure(error, 'repository-newer')) return undefined;
    throw error;
  }
}

/** The manifests of a folder with the epochs of their writers, the newest first. */
function epochsIn({ objects }: SnapshotFolder): [string, number][] {
  return [...objects.keys()]
    .flatMap((file): [string, number][] => {
      const epoch = /^manifest-(\d{12})\.json$/.exec(file)?.[1];
      return epoch === undefined ? [] : [[file, Number(epoch)]];
    })
    .sort(([, a], [, b]) => b - a);
}
