import { z } from 'zod';
import { ClusterId } from './ids.ts';

/** What somebody may do. `view` never shows a secret; nor does any other. */
export const permissions = [
  'view', // see clusters, snapshots, operations, alerts
  'save', // save, verify, drill, pin; pause and resume a policy
  'restore', // plan, begin, resume, abort and roll back restores
  'approve', // allow what another person wants to restore
  'admin', // everything else: clusters, repositories, policies, people, deletions
  'audit', // read and export the audit log
] as const;
export const Permission = z.enum(permissions);
export type Permission = z.infer<typeof Permission>;

export const roleNames = ['viewer', 'operator', 'restorer', 'admin', 'auditor'] as const;
export const RoleName = z.enum(roleNames);
export type RoleName = z.infer<typeof RoleName>;

/** What each role may do. */
export const roles: Readonly<Record<RoleName, readonly Permission[]>> = {
  viewer: ['view'],
  operator: ['view', 'save'],
  restorer: ['view', 'save', 'restore', 'approve'],
  admin: [...permissions],
  auditor: ['view', 'audit'],
};

/** A role, in one cluster or in all of them. */
export const Grant = z.strictObject({
  role: RoleName,
  /** Null: in every cluster, and for what belongs to none. */
  cluster: ClusterId.nullable().default(null),
});
export type Grant = z.infer<typeof Grant>;

/** Whether any of the grants allows it in a cluster; null: for what belongs to no cluster, which only a grant for all allows. */
export function isAllowed(grants: readonly Grant[], permission: Permission, cluster: string | null): boolean {
  return grants.some(
    ({ role, cluster: of }) => roles[role].includes(permission) && (of === null || of === cluster),
  );
}

/** Whether it is allowed in one cluster at least: what lists may be asked for then, and hold those clusters alone. */
export function isAllowedSomewhere(grants: readonly Grant[], permission: Permission): boolean {
  return grants.some(({ role }) => roles[role].includes(permission));
}
