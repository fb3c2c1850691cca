import { z } from 'zod';
import { ClusterId, Moment, NodeId } from './ids.ts';

/** A snapshot as the catalogue lists it: an index of what repositories hold. `id` is repository, cluster and name. */
export const FleetSnapshot = z.object({
  /** `<repository>:<name>`, both as they are written; unique in its cluster. */
  id: z.string(),
  name: z.string(),
  cluster: ClusterId,
  repository: z.string(),
  /** The cluster's id in the repository. */
  repositoryCluster: z.string(),
  state: z.enum(['stored', 'verified', 'damaged']),
  drilledAt: Moment.nullable(),
  degraded: z.boolean(),
  trusted: z.boolean(),
  sealed: z.boolean(),
  trigger: z.string(),
  policy: z.string().nullable(),
  revision: z.int(),
  etcdVersion: z.string(),
  kubernetesVersion: z.string().nullable(),
  /** Of the member that it was taken from, where that is one of the fleet's. */
  node: NodeId.nullable(),
  member: z.string(),
  size: z.int(),
  storedBytes: z.int(),
  sha256: z.string(),
  startedAt: Moment,
  finishedAt: Moment,
  pinned: z.boolean(),
  /** Whether the last scan did not find it any more. */
  missing: z.boolean(),
});
export type FleetSnapshot = z.infer<typeof FleetSnapshot>;
