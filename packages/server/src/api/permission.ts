import { Failure } from '@holdfast/base';
import type { Route } from '@holdfast/model/api';
import { isAllowed, isAllowedSomewhere } from '@holdfast/model/fleet';
import type { Caller } from '../auth/caller.ts';
import type { Tables } from '../store/store.ts';
import { clusterOf } from './cluster-of.ts';

/** What is known of a request once its caller may make it. */
export interface Permitted {
  /** The cluster that it is about; null: none, or several. */
  readonly cluster: string | null;
  /** That there is no such thing: told once the request is known to be well-formed. */
  readonly missing?: Failure;
}

/**
 * Whether a caller may do what a route does, by its data alone.
 *
 * @param params as they were sent, not checked yet
 * @throws Failure not-allowed
 */
export async function permit(
  tables: Tables,
  { permission, scope }: Pick<Route, 'permission' | 'scope'>,
  params: Readonly<Record<string, string>>,
  caller: Caller,
): Promise<Permitted> {
  const named = params['cluster'] ?? null;
  if (permission === null || permission === 'self') return { cluster: named };
  const refuse = (cluster: string | null): never => {
    const where = cluster === null ? 'in no cluster, or not in all' : `not in cluster ${cluster}`;
    throw new Failure('not-allowed', `the token allows "${permission}" ${where}`, { permission, cluster });
  };
  if (scope === 'some') {
    if (!isAllowedSomewhere(caller.grants, permission)) refuse(null);
    return { cluster: named };
  }
  if (scope === 'thing') {
    const found = await clusterOf(tables, params);
    if (typeof found === 'string') {
      if (!isAllowed(caller.grants, permission, found)) refuse(found);
      return { cluster: found };
    }
    if (!isAllowedSomewhere(caller.grants, permission)) refuse(null);
    return { cluster: null, missing: found };
  }
  const cluster = scope === 'cluster' ? named : null;
  if (!isAllowed(caller.grants, permission, cluster)) refuse(cluster);
  return { cluster };
}
