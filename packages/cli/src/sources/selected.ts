import { Failure } from '@holdfast/base';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import type { Session } from '../session.ts';

/** Which snapshot is meant, for the engine: a name, and the cluster where one was named or found. */
export interface Selected {
  readonly name: string;
  readonly cluster: string | undefined;
}

/**
 * Reads a selector: `latest`, `latest~N`, or an exact name, which is passed through. Snapshots whose manifest is not
 * trusted are passed over, and told of; so are imported ones beside Holdfast's own, and for a restore those that are
 * damaged.
 *
 * @throws Failure `snapshot-missing` when there are not so many, `cluster-ambiguous` when `latest` could be several
 */
export async function selectedSnapshot(
  session: Session,
  repository: Repository,
  selector: string,
  use: 'any' | 'restore' = 'any',
): Promise<Selected> {
  const { cluster } = session.settings;
  const [, back] = /^latest(?:~(\d+))?$/.exec(selector) ?? [selector, selector];
  if (back === selector) return { name: selector, cluster };
  const { listSnapshots } = await import('@holdfast/engine');
  const { snapshots } = await listSnapshots(session.context, repository, cluster);
  const owners = new Set(snapshots.map((entry) => entry.cluster.name));
  if (owners.size > 1) {
    const why = `${selector} could be of ${[...owners].join(' or ')}`;
    throw new Failure('cluster-ambiguous', why);
  }
  const sound = snapshots.filter((entry) => faultOf(entry, use) === undefined);
  const own = sound.filter(({ manifest }) => manifest.imported === null);
  // When an imported one was taken may be a guess, and no member vouched for it.
  const taken = own.length > 0 ? own : sound;
  const found = taken.at(-1 - Number(back ?? 0));
  for (const entry of snapshots.slice(found === undefined ? 0 : snapshots.indexOf(found) + 1)) {
    if (taken.includes(entry)) continue;
    const why = faultOf(entry, use) ?? 'another system made it, and it is taken by its name only';
    session.warn(`${entry.name} is passed over: ${why}`);
  }
  if (found === undefined) {
    const isOver = sound.length < snapshots.length;
    const kind = !isOver ? '' : snapshots.every(({ trust }) => trust.trusted) ? ' undamaged' : ' trusted';
    const why = `the repository holds ${taken.length === 0 ? `no${kind} snapshot yet` : `only ${taken.length}${kind}`}`;
    throw new Failure('snapshot-missing', why, { name: selector });
  }
  return { name: found.name, cluster: found.cluster.id };
}

/** Why `latest` does not mean it. */
function faultOf({ trust, state, damage }: SnapshotEntry, use: 'any' | 'restore'): string | undefined {
  if (!trust.trusted) return `its manifest is not trusted: ${trust.why}`;
  if (use === 'any' || state !== 'damaged') return undefined;
  return `it is damaged: ${damage ?? 'its newest verification failed'}`;
}
