import { roleNames, roles, type Grant, type RoleName } from '@holdfast/model/fleet';

/**
 * What both allow: exactly that, neither more nor less.
 *
 * @param narrower null: whatever the others allow
 */
export function narrow(grants: readonly Grant[], narrower: readonly Grant[] | null): readonly Grant[] {
  if (narrower === null) return grants;
  const both = grants.flatMap((one) =>
    narrower.flatMap((other) => {
      if (one.cluster !== null && other.cluster !== null && one.cluster !== other.cluster) return [];
      const cluster = one.cluster ?? other.cluster;
      return rolesOfBoth(one.role, other.role).map((role) => ({ role, cluster }));
    }),
  );
  return [...new Map(both.map((grant) => [`${grant.role} ${grant.cluster}`, grant])).values()];
}

/** The largest roles that allow nothing which one of the two does not. */
function rolesOfBoth(one: RoleName, other: RoleName): readonly RoleName[] {
  const within = roleNames.filter((role) => isWithin(role, one) && isWithin(role, other));
  return within.filter((role) => !within.some((than) => than !== role && isWithin(role, than)));
}

function isWithin(role: RoleName, other: RoleName): boolean {
  return roles[role].every((permission) => roles[other].includes(permission));
}
