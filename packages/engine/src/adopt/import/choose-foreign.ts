import { Failure } from '@holdfast/base';
import type { ForeignScan, ForeignSnapshot } from '../foreign.ts';

/**
 * The snapshot that is meant by a name, or by its path in the place; `latest` is the newest that can be restored. Names
 * are matched exactly.
 *
 * @throws foreign-missing, foreign-ambiguous: also where the newest of several clusters is asked for, or a file is called
 *   `latest` and another one is the newest
 */
export function chooseForeign(
  { snapshots }: ForeignScan,
  selector: string,
  location: string,
): ForeignSnapshot {
  const called = snapshots.filter(({ name }) => name === selector);
  const byPath = snapshots.find(({ path }) => path === selector);
  const found = selector === 'latest' ? latestIn(snapshots, byPath ?? called[0]) : called;
  if (selector !== 'latest' && byPath !== undefined) return byPath;
  const [only, other] = found;
  if (only === undefined) {
    const why = snapshots.length === 0 ? 'it holds none' : `it holds ${snapshots.length} others`;
    throw new Failure('foreign-missing', why, { name: selector, location });
  }
  if (other === undefined) return only;
  const paths = found.map(({ path }) => path).join(', ');
  throw new Failure('foreign-ambiguous', `it could be ${paths}`, { name: selector });
}

/** The newest of each cluster that somebody names, else the newest at all; and what is called so. */
function latestIn(
  snapshots: readonly ForeignSnapshot[],
  called: ForeignSnapshot | undefined,
): readonly ForeignSnapshot[] {
  const restorable = snapshots.filter((each) => each.restorable);
  const ofEach = new Map(restorable.map((each) => [each.cluster, each]));
  ofEach.delete(null);
  const newest = ofEach.size > 1 ? [...ofEach.values()] : restorable.slice(-1);
  return called === undefined || newest.includes(called) ? newest : [...newest, called];
}
