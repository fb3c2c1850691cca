import { Failure, isFailure } from '@holdfast/base';
import { newestVerified, type QueuedCopy, type SnapshotState } from '@holdfast/model';
import type {
  ClusterName,
  DamagedRecord,
  Listing,
  Repository,
  SnapshotEntry,
  UnfinishedSnapshot,
} from '@holdfast/repository';
import type { VerbContext } from '../context.ts';
import type { QueueListing, UnreadableCopy } from '../queue/index.ts';
import { copiesOf, type ClusterCopies } from './copies.ts';
import { reasonsOf } from './reasons.ts';

/** Whether a cluster could be brought back, and to when. */
export interface ClusterStatus {
  readonly cluster: ClusterName;
  /** `ok`: the newest snapshot is verified wherever it has to be. `attention`: see `reasons`. `none`: there is no snapshot. */
  readonly state: 'ok' | 'attention' | 'none';
  /** What somebody should look at, the worst first; empty when `ok`. */
  readonly reasons: readonly string[];
  /** Of a snapshot that is in several repositories, the copy that is proven best, in the repository that is named first. */
  readonly newest: SnapshotEntry | null;
  /** The newest one that is verified, trusted and not degraded: what the cluster would be brought back from. */
  readonly newestVerified: SnapshotEntry | null;
  /** Of all copies. */
  readonly counts: Readonly<Record<SnapshotState, number>>;
  /** Bytes of all stored objects, unfinished ones too. */
  readonly bytes: number;
  readonly damaged: readonly DamagedRecord[];
  readonly unfinished: readonly UnfinishedSnapshot[];
  /** Where the newest snapshot is. */
  readonly copies: ClusterCopies;
  /** Copies of its snapshots that wait in the queue, and since when the oldest does (RFC 3339). */
  readonly waiting: WaitingCopies;
}

/** What waits in the queue for one cluster. */
export interface WaitingCopies {
  readonly count: number;
  readonly oldestAt: string | null;
  /** Records of the queue that cannot be read: any of them may be of this cluster. */
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
}

/** A repository that is looked at. */
export interface StatusSource {
  /** As `--repo` takes it. */
  readonly name: string;
  readonly required: boolean;
  /** Opened, or why it could not be. */
  readonly repository: Repository | Failure;
}

export interface StatusRequest {
  /** At least one; one that cannot be read is a reason, unless there is no other. */
  readonly sources: readonly StatusSource[];
  /** Only this cluster, by its name or id. */
  readonly cluster?: string | undefined;
  /** What waits in the queue. */
  readonly queue?: readonly QueuedCopy[];
  /** What of the queue cannot be read: a reason for every cluster. */
  readonly unreadable?: readonly UnreadableCopy[];
}

/** What a source holds. */
export interface ReadSource {
  readonly name: string;
  readonly required: boolean;
  readonly listing: Listing | Failure;
}

const nothing: Listing = { clusters: [], snapshots: [], damaged: [], unfinished: [] };

/**
 * The status of every cluster of one repository or several, by name.
 *
 * @throws cluster-missing when no repository has it; why the first repository cannot be read when none can be
 */
export async function repositoryStatus(
  _context: VerbContext,
  { sources, cluster, queue = [], unreadable = [] }: StatusRequest,
): Promise<ClusterStatus[]> {
  const found: ReadSource[] = [];
  for (const source of sources) found.push(await readSource(source, cluster));
  const failures = found.flatMap(({ listing }) => (listing instanceof Failure ? [listing] : []));
  if (failures.length === found.length) throw failures[0] ?? new RangeError('no repository is given');
  const isMissing = (each: ReadSource): boolean =>
    each.listing instanceof Failure && each.listing.code === 'cluster-missing';
  const read = found.map((each) => (isMissing(each) ? { ...each, listing: nothing } : each));
  return clustersIn(read).map((each) => statusOf(each, read, { items: queue, unreadable }));
}

async function readSource(
  { name, required, repository }: StatusSource,
  cluster: string | undefined,
): Promise<ReadSource> {
  if (repository instanceof Failure) return { name, required, listing: repository };
  try {
    return { name, required, listing: await repository.snapshots(cluster) };
  } catch (listing) {
    if (!isFailure(listing)) throw listing;
    return { name, required, listing };
  }
}

/** A cluster that may have another id in each repository, where it is known by its name. */
interface FoundCluster extends ClusterName {
  readonly ids: ReadonlySet<string>;
}

/** Every cluster that something belongs to, known by its record, else by a snapshot, else only by its id. */
function clustersIn(sources: readonly ReadSource[]): FoundCluster[] {
  const found: { id: string; name: string; ids: Set<string> }[] = [];
  for (const { listing } of sources) {
    if (listing instanceof Failure) continue;
    const names = new Map<string, string>();
    for (const { clusterId } of [...listing.damaged, ...listing.unfinished]) names.set(clusterId, clusterId);
    for (const { cluster } of listing.snapshots) names.set(cluster.id, cluster.name);
    for (const { id, name } of listing.clusters) names.set(id, name);
    for (const [id, name] of names) {
      const known = found.find((each) => each.ids.has(id)) ?? found.find((each) => each.name === name);
      if (known === undefined) found.push({ id, name, ids: new Set([id]) });
      else known.ids.add(id);
    }
  }
  return found.sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
}

function statusOf(
  { id, name, ids }: FoundCluster,
  sources: readonly ReadSource[],
  queue: QueueListing,
): ClusterStatus {
  const listings = sources.flatMap(({ listing }) => (listing instanceof Failure ? [] : [listing]));
  const all = listings.flatMap(({ snapshots }) => snapshots.filter((each) => ids.has(each.cluster.id)));
  const damaged = listings.flatMap((each) => each.damaged.filter(({ clusterId }) => ids.has(clusterId)));
  const unfinished = listings.flatMap((each) =>
    each.unfinished.filter(({ clusterId }) => ids.has(clusterId)),
  );
  const snapshots = bestCopies(all);
  const newest = snapshots.at(-1) ?? null;
  const verified = newestVerified(snapshots);
  const items = queue.items.filter((each) => each.from.some(({ cluster }) => ids.has(cluster)));
  const waiting = {
    count: items.length,
    oldestAt: items.map((each) => each.createdAt).toSorted()[0] ?? null,
    unreadable: queue.unreadable.map(({ path, failure }) => ({ path, why: failure.why })),
  };
  const copies = copiesOf(newest, sources, ids);
  const reasons = reasonsOf({ newest, verified: verified !== undefined, damaged, copies, waiting });
  const count = (state: SnapshotState): number => all.filter((each) => each.state === state).length;
  return {
    cluster: { id, name },
    state: newest === null ? 'none' : reasons.length === 0 ? 'ok' : 'attention',
    reasons,
    newest,
    newestVerified: snapshots.find((each) => each.name === verified) ?? null,
    counts: { stored: count('stored'), verified: count('verified'), damaged: count('damaged') },
    bytes:
      sum(all.flatMap((each) => each.manifest.objects.map(({ size }) => size))) +
      sum(unfinished.map((each) => each.size)),
    damaged,
    unfinished,
    copies,
    waiting,
  };
}

const worth = { damaged: 0, stored: 1, verified: 2 } as const;

/** Of each content the copy that is proven best, oldest first. */
function bestCopies(entries: readonly SnapshotEntry[]): SnapshotEntry[] {
  const best = new Map<string, SnapshotEntry>();
  for (const entry of entries) {
    const { content, times } = entry.manifest;
    // A copy may have another name; a cluster at rest gives the same content again.
    const key = `${times.finishedAt} ${content.sha256}`;
    const other = best.get(key);
    if (other === undefined || worthOf(entry) > worthOf(other)) best.set(key, entry);
  }
  return [...best.values()].sort((a, b) =>
    a.manifest.times.finishedAt.localeCompare(b.manifest.times.finishedAt),
  );
}

function worthOf({ state, trust }: SnapshotEntry): number {
  return worth[state] + (trust.trusted ? 3 : 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
