import { Failure, formatHex64, limits } from '@holdfast/base';
import { newCluster } from '@holdfast/etcd/datadir';
import {
  commonCluster,
  peerUrl,
  type PlannedMember,
  type RestorePlan,
  type RestoreSource,
} from '@holdfast/model';
import { uniqueToken } from '../token.ts';
import type { PlanRequest } from './request.ts';
import type { FoundCluster } from './triage-cluster.ts';

/** What makes the restored cluster another one than the old, for its members and for its clients. */
export type Identity = Pick<RestorePlan, 'cluster' | 'token' | 'bump' | 'expected'>;

/** What the identity follows from. */
interface Basis {
  readonly found: FoundCluster;
  readonly source: RestoreSource;
  readonly members: readonly PlannedMember[];
  readonly seed: string | null;
}

/**
 * A token that nobody has used gives the cluster an id of its own, so that no old member can mix with it; a bump past
 * every revision that was ever seen makes watchers notice that time went back.
 *
 * @throws Failure usage: a token or bump that cannot be; restore-plan-invalid: members that make no cluster
 */
export function identityOf(request: PlanRequest, basis: Basis): Identity {
  const { found, source } = basis;
  const name = request.description.name;
  const oldId =
    commonCluster(found.members) ?? (source.kind === 'snapshot' ? found.snapshot?.etcdId : null) ?? null;
  const cluster = { name, oldId };
  if (source.kind === 'quorum') {
    return { cluster, token: null, bump: null, expected: { clusterId: oldId, revision: null } };
  }
  const token = request.token ?? uniqueToken();
  if (token.trim() === '') throw new Failure('usage', 'the token of a cluster cannot be empty');
  const bump = bumpOf(request, basis);
  const clusterId = clusterIdOf(basis, token);
  if (clusterId === oldId) {
    const why = `with the token ${token} the new cluster would have the id ${clusterId} of the old one, and old members could join it`;
    throw new Failure('restore-plan-invalid', why);
  }
  // The log of a survivor may bring more revisions than its database shows. A store that was never written to says 1,
  // and etcd's own restore moves it on from 0.
  const known = source.kind === 'snapshot' && source.revision > 1;
  const revision = known ? source.revision + (bump?.by ?? 0) : null;
  return { cluster, token, bump, expected: { clusterId, revision } };
}

/** Revisions that may have been given out since what was last seen, as a part of what was seen. */
const unseenShare = 1.2;

/** Far beyond any cluster's own, and exact as a number. */
const mostBump = 2 ** 52;

function bumpOf({ bump }: PlanRequest, { found, source }: Basis): RestorePlan['bump'] {
  if (bump === null) return null;
  const seen = Math.max(
    source.revision,
    ...found.members.flatMap(({ sight }) => [sight.revision ?? 0, sight.undoneRevision ?? 0]),
  );
  const by = bump?.by ?? Math.min(mostBump, Math.max(limits.revisionBump, Math.ceil(unseenShare * seen)));
  if (!(Number.isInteger(by) && by >= 1 && by <= mostBump)) {
    throw new Failure('usage', `the revision can be moved by 1 to ${mostBump}, not by ${by}`);
  }
  return { by, markCompacted: bump?.markCompacted ?? true };
}

/** As etcd makes it at bootstrap; of a seed alone, since members that join change it no more. */
function clusterIdOf({ members, seed }: Basis, token: string): string {
  try {
    const born = members
      .filter(({ name, role }) => role === 'member' && (seed === null || name === seed))
      .map(({ name, peerUrls }) => ({ name, peerUrls: peerUrls.map(peerUrl) }));
    return formatHex64(newCluster(born, token).id);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure('restore-plan-invalid', error.message, {}, { cause: error });
  }
}
