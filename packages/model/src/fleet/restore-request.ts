import { z } from 'zod';
import { ClusterDescription } from '../restore/cluster-description.ts';
import { Attestation, RestorePlan } from '../restore/restore-plan.ts';
import { RestoreScope } from '../restore/scope.ts';
import { NodeId, RepositoryName } from './ids.ts';

export { restoreScopes, RestoreScope } from '../restore/scope.ts';

/** Which node carries each member and each part of the control plane, by its name in the description. */
export const Placement = z.record(z.string(), NodeId);
export type Placement = z.infer<typeof Placement>;

/** A restore as a person asks the server for it; what is left out is decided by what is found. */
export const RestoreRequest = z.strictObject({
  repository: RepositoryName.optional(),
  /** A snapshot's exact name, or `latest`. */
  snapshot: z.string().min(1).optional(),
  way: RestorePlan.shape.way.optional(),
  survivor: z.string().optional(),
  replace: z.array(z.string()).min(1).optional(),
  strategy: RestorePlan.shape.strategy.optional(),
  seed: z.string().optional(),
  /** Names of the members that form the new cluster; the others are former ones. */
  members: z.array(z.string()).min(1).optional(),
  scope: RestoreScope.default('none'),
  /** Members, and parts of the control plane, that cannot be reached and that somebody vouches to be off. */
  attest: z.array(Attestation).default([]),
  skips: z
    .array(z.strictObject({ check: z.string().regex(/^P\d{1,2}$/), reason: z.string().min(3) }))
    .default([]),
  /** The snapshot of another cluster is wanted. */
  clone: z.boolean().default(false),
  /** What runs Kubernetes on the nodes is restarted once the restore has succeeded, or is put back after it has served, one node after the other. */
  restartNodes: z.boolean().default(true),
  /** In place of what the agents tell: for nodes that are new, or of which nothing is known any more. */
  description: ClusterDescription.optional(),
  placement: Placement.optional(),
});
export type RestoreRequest = z.infer<typeof RestoreRequest>;
