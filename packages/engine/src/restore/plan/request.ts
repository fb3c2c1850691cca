import type { Attestation, ClusterDescription, RestorePlan, RestoreScope } from '@holdfast/model';
import type { Repository } from '@holdfast/repository';
import type { Connect, NodeOf } from '../ports.ts';

/** What is looked at to judge how a cluster stands. */
export interface TriageRequest {
  readonly description: ClusterDescription;
  readonly nodes: NodeOf;
  readonly connect: Connect;
  readonly repository?: Repository;
  /** The cluster's name or id in the repository; found by what the members are when absent. */
  readonly repositoryCluster?: string;
  /** A stored snapshot by its exact name; the newest verified one when absent. */
  readonly snapshot?: string;
  /** A snapshot file on this machine, in place of a stored one. */
  readonly file?: string;
  /** In which way a person wants to restore; by what was found when absent. */
  readonly way?: RestorePlan['way'];
}

/** A restore as it is asked for. */
export interface PlanRequest extends TriageRequest {
  /** `salvage`: the member whose data is taken; the best one when absent. */
  readonly survivor?: string;
  /** `replace`: the members to be replaced though they may answer; the lost ones when absent. */
  readonly replace?: readonly string[];
  /** `all` when absent, but `seed` where a seed is named. */
  readonly strategy?: RestorePlan['strategy'];
  /** `seed`: the member that starts alone. */
  readonly seed?: string;
  /** The names that form the new cluster; the rest of the description are former members. */
  readonly members?: readonly string[];
  /** The cluster token; one that nobody has used when absent. */
  readonly token?: string;
  /** How far revisions are moved; null: not at all; far enough for any watcher when absent. */
  readonly bump?: RestorePlan['bump'];
  /** Members, and parts of the control plane, that cannot be reached and that a person vouches to be off. */
  readonly attest?: readonly Attestation[];
  readonly skips?: RestorePlan['skips'];
  /** How much is brought back; etcd alone when absent. */
  readonly scope?: RestoreScope;
  /** The snapshot of another cluster is wanted. */
  readonly clone?: boolean;
  /** Who asks: user@host. */
  readonly by: string;
}
