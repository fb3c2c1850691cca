import { Failure } from '@holdfast/base';
import type { SnapshotEntry } from '@holdfast/repository';
import type { ReadSource } from './status.ts';

/** Where a cluster's newest snapshot is, in each repository that was looked at. */
export interface ClusterCopies {
  readonly wanted: number;
  readonly stored: number;
  readonly places: readonly CopyPlace[];
}

/** One repository: `damaged` also where its manifest is not trusted; `unreadable` where the repository is. */
export interface CopyPlace {
  readonly name: string;
  readonly required: boolean;
  readonly state: 'stored' | 'missing' | 'damaged' | 'unreadable';
  /** What keeps it from being `stored`. */
  readonly why: string | null;
}

/** Looks for the content of a snapshot in every repository; a copy may bear another name there. */
export function copiesOf(
  newest: SnapshotEntry | null,
  sources: readonly ReadSource[],
  ids: ReadonlySet<string>,
): ClusterCopies {
  const places = sources.map((source) => placeOf(newest, source, ids));
  const stored = places.filter(({ state }) => state === 'stored').length;
  return { wanted: places.length, stored, places };
}

function placeOf(
  newest: SnapshotEntry | null,
  { name, required, listing }: ReadSource,
  ids: ReadonlySet<string>,
): CopyPlace {
  if (listing instanceof Failure) return { name, required, state: 'unreadable', why: listing.why };
  const copies = listing.snapshots.filter(
    (each) => ids.has(each.cluster.id) && each.manifest.content.sha256 === newest?.manifest.content.sha256,
  );
  if (copies.some((each) => each.state !== 'damaged' && each.trust.trusted)) {
    return { name, required, state: 'stored', why: null };
  }
  const [copy] = copies;
  if (copy === undefined) return { name, required, state: 'missing', why: 'it is not there' };
  const why = copy.trust.trusted ? (copy.damage ?? 'its verification failed') : copy.trust.why;
  return { name, required, state: 'damaged', why };
}
