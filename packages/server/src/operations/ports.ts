import type { FleetSnapshot, NodePart, Placement } from '@holdfast/model/fleet';
import type { ClusterDescription } from '@holdfast/model';

/** A node of a cluster as it stands now, to be chosen from. */
export interface Candidate {
  readonly node: string;
  readonly name: string;
  /** Whether its agent can be told something now. */
  readonly connected: boolean;
  /** When its agent was last heard; null: never. */
  readonly seenAt: string | null;
  /** Of its members: whether any is in quorum, leads, and is a learner only. All false where nothing is known. */
  readonly inQuorum: boolean;
  readonly isLeader: boolean;
  readonly isLearner: boolean;
  /** Whether it tells of a member, of one that does not run too; and of a part of a control plane. */
  readonly hasMember: boolean;
  readonly hasControlPlane: boolean;
  /** What runs Kubernetes' part of it; none where nothing is known. */
  readonly nodeParts: readonly NodePart[];
  /** Null where nobody could tell. */
  readonly raftIndex: number | null;
  /** Of the agent's own folder; null where nobody could tell. */
  readonly freeBytes: number | null;
  /** Whether it carries out the policies while the server is away. */
  readonly standsIn: boolean;
}

/** What the operations ask of the other parts of the server. */
export interface OperationPorts {
  /** All nodes of a cluster, by name; none where the cluster is unknown. */
  nodesOf(cluster: string): Promise<readonly Candidate[]>;
  /** The cluster as its agents tell of it; null where too little is known. */
  describe(cluster: string): Promise<{
    readonly description: ClusterDescription | null;
    readonly placement: Placement;
    readonly notes: readonly string[];
  }>;
  /** Looks at one snapshot that was just stored, deleted or looked at. `name` is that of the snapshot. */
  refresh(
    cluster: string,
    repository: string,
    name: string,
    signal: AbortSignal,
    drilledAt?: string,
  ): Promise<FleetSnapshot | undefined>;
}
