import { triage, type Triage } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import { onceElected } from './elected.ts';
import type { TriageRequest } from './request.ts';
import { findMembers, type FoundMember } from './sight.ts';
import { findSnapshot, type FoundSnapshot } from './snapshot.ts';

/** A cluster as it was found, and what that means. */
export interface FoundCluster {
  readonly members: readonly FoundMember[];
  readonly snapshot: FoundSnapshot | null;
  /** Why there is no snapshot; '' when there is one. */
  readonly noSnapshot: string;
  readonly triage: Triage;
}

/**
 * Looks at every member and at the repository, and says how the cluster stands and what can be done about it. Nothing is
 * changed.
 *
 * @throws Failure etcd-auth, etcd-tls where no way is asked for; snapshot-missing, snapshot-damaged, cluster-missing,
 *   cluster-ambiguous, not-a-snapshot, file-unreadable, usage; the signal's reason
 */
export async function triageCluster(context: VerbContext, request: TriageRequest): Promise<Triage> {
  return (await findCluster(context, request)).triage;
}

/** The same, with what it rests on. */
export async function findCluster(context: VerbContext, request: TriageRequest): Promise<FoundCluster> {
  const members = await onceElected(context, async () => findMembers(context, request));
  const found = await findSnapshot(request, members);
  const snapshot = 'why' in found ? null : found;
  return {
    members,
    snapshot,
    noSnapshot: 'why' in found ? found.why : '',
    triage: triage({ members, snapshot }),
  };
}
