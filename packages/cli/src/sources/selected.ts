import { Failure } from '@holdfast/base';
import type { Repository } from '@holdfast/repository';
import type { Session } from '../session.ts';

/** Which snapshot is meant, for the engine: a name, and the cluster where one was named or found. */
export interface Selected {
  readonly name: string;
  readonly cluster: string | undefined;
}

/**
 * Reads a selector: `latest`, `latest~N`, or an exact name, which is passed through.
 *
 * @throws Failure `snapshot-missing` when there are not so many, `cluster-ambiguous` when `latest` could be several
 */
export async function selectedSnapshot(
  session: Session,
  repository: Repository,
  selector: string,
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
  const found = snapshots.at(-1 - Number(back ?? 0));
  if (found === undefined) {
    const why = `the repository holds ${snapshots.length === 0 ? 'no snapshot yet' : `only ${snapshots.length}`}`;
    throw new Failure('snapshot-missing', why, { name: selector });
  }
  return { name: found.name, cluster: found.cluster.id };
}
