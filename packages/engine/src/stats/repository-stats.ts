import { storedBytes } from '@holdfast/model';
import type { ClusterName, Repository, SnapshotEntry } from '@holdfast/repository';
import type { VerbContext } from '../context.ts';

/** What some snapshots take. */
interface Amount {
  readonly snapshots: number;
  /** Bytes of what etcd sent. */
  readonly logical: number;
  /** Bytes that are stored, companions with them. */
  readonly stored: number;
}

/** A month (UTC) and what was saved in it and is still there. */
interface MonthAmount extends Amount {
  /** Such as `2026-11`. */
  readonly month: string;
}

/** How much more will be stored, if it goes on as it did: a line through what is stored and when it was saved. */
interface Forecast {
  /** The days between the oldest and the newest snapshot, which it is made from. */
  readonly fromDays: number;
  readonly bytesPerDay: number;
  /** Bytes stored 30 and 365 days after the newest. */
  readonly in30Days: number;
  readonly in365Days: number;
}

/** What a cluster has stored. */
export interface ClusterStats extends Amount {
  readonly cluster: ClusterName;
  readonly oldest: string;
  readonly newest: string;
  readonly months: readonly MonthAmount[];
  /** Null with less than two days to judge by. */
  readonly forecast: Forecast | null;
}

/** Snapshots with one and the same content. */
interface Duplicates {
  readonly sha256: string;
  readonly size: number;
  /** As `<cluster>/<name>`. */
  readonly names: readonly string[];
}

/** What a repository holds, and how that grows. */
export interface RepositoryStats extends Amount {
  readonly clusters: readonly ClusterStats[];
  readonly duplicates: readonly Duplicates[];
  /** Bytes of unfinished saves and removals. */
  readonly unfinished: number;
  /** Manifests and other records that cannot be read, which are in none of the figures. */
  readonly unreadable: number;
}

const dayMs = 86_400_000;

/** Counts what is stored, from the manifests alone. @throws what storages throw */
export async function repositoryStats(
  _context: VerbContext,
  repository: Repository,
  cluster?: string,
): Promise<RepositoryStats> {
  const { snapshots, unfinished, damaged } = await repository.snapshots(cluster);
  const byCluster = Map.groupBy(snapshots, (each) => each.cluster.id);
  return {
    ...amountOf(snapshots),
    clusters: [...byCluster.values()]
      .map(statsOf)
      .sort((a, b) => a.cluster.name.localeCompare(b.cluster.name)),
    duplicates: duplicatesIn(snapshots),
    unfinished: unfinished.reduce((sum, { size }) => sum + size, 0),
    unreadable: damaged.length,
  };
}

function amountOf(snapshots: readonly SnapshotEntry[]): Amount {
  const sum = (of: (each: SnapshotEntry) => number): number =>
    snapshots.reduce((total, each) => total + of(each), 0);
  return {
    snapshots: snapshots.length,
    logical: sum(({ manifest }) => manifest.content.size),
    stored: sum(({ manifest }) => storedBytes(manifest)),
  };
}

/** @param snapshots of one cluster, at least one, oldest first */
function statsOf(snapshots: readonly SnapshotEntry[]): ClusterStats {
  const times = snapshots.map(({ manifest }) => manifest.times.finishedAt);
  const months = Map.groupBy(snapshots, ({ manifest }) =>
    new Date(manifest.times.finishedAt).toISOString().slice(0, 7),
  );
  return {
    cluster: snapshots.at(-1)!.cluster,
    ...amountOf(snapshots),
    oldest: times[0]!,
    newest: times.at(-1)!,
    months: [...months].map(([month, own]) => ({ month, ...amountOf(own) })),
    forecast: forecastOf(snapshots),
  };
}

/** The line of least squares through the bytes stored by then, over days. */
function forecastOf(snapshots: readonly SnapshotEntry[]): Forecast | null {
  let stored = 0;
  const points = snapshots.map((each) => {
    stored += storedBytes(each.manifest);
    return { day: Date.parse(each.manifest.times.finishedAt) / dayMs, stored };
  });
  const fromDays = points.at(-1)!.day - points[0]!.day;
  if (fromDays < 2) return null;
  const mean = (of: (point: (typeof points)[number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [day, bytes] = [mean((point) => point.day), mean((point) => point.stored)];
  const spread = mean((point) => (point.day - day) ** 2);
  const bytesPerDay = mean((point) => (point.day - day) * (point.stored - bytes)) / spread;
  return {
    fromDays: Math.round(fromDays),
    bytesPerDay: Math.round(bytesPerDay),
    in30Days: Math.round(stored + 30 * bytesPerDay),
    in365Days: Math.round(stored + 365 * bytesPerDay),
  };
}

function duplicatesIn(snapshots: readonly SnapshotEntry[]): Duplicates[] {
  return [...Map.groupBy(snapshots, ({ manifest }) => manifest.content.sha256)]
    .filter(([, own]) => own.length > 1)
    .map(([sha256, own]) => ({
      sha256,
      size: own[0]!.manifest.content.size,
      names: own.map(({ cluster, name }) => `${cluster.name}/${name}`),
    }))
    .sort((a, b) => b.size * (b.names.length - 1) - a.size * (a.names.length - 1));
}
