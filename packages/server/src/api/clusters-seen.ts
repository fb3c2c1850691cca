import { roles, type Permission } from '@holdfast/model/fleet';
import type { Caller } from '../auth/caller.ts';

/** The clusters in which a caller may do something; null: in all. What lists tell is of these alone. */
export function clustersSeen({ grants }: Caller, permission: Permission = 'view'): string[] | null {
  const giving = grants.filter(({ role }) => roles[role].includes(permission));
  const clusters = new Set<string>();
  for (const { cluster } of giving) {
    if (cluster === null) return null;
    clusters.add(cluster);
  }
  return [...clusters].toSorted();
}
