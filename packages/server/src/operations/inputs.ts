import { Attestation, ClusterDescription, Policy, PolicyTarget, RestorePlan } from '@holdfast/model';
import {
  Moment,
  NodeId,
  OperationId,
  Placement,
  RepositoryName,
  RestoreRequest,
  type Operation,
} from '@holdfast/model/fleet';
import { z } from 'zod';
import { RestartTarget } from './restart-targets.ts';

/** Which node has what is needed where not all of them have: a folder that is of one machine. */
const Place = z.object({
  /** The only one that can; null: any. */
  node: NodeId.nullable(),
  /** The one that carries policies out by itself is wanted before others: it has what it saved. */
  standsIn: z.boolean(),
});
export type Place = z.infer<typeof Place>;

const ofPolicy = z.object({
  policy: Policy,
  place: Place,
  /** When the next run is due: this one is given up then; null: it is not. */
  until: Moment.nullable(),
});
const ofSnapshot = z.object({
  repository: RepositoryName,
  /** The cluster's id in the repository. */
  cluster: z.string(),
  /** The snapshot's name. */
  snapshot: z.string(),
  reason: z.string(),
  place: Place,
});

/** `input` of an operation, by its kind; a drill is of a snapshot, or of the newest one of a policy. */
const inputs = {
  save: z.object({
    policy: Policy.nullable(),
    targets: z.array(PolicyTarget).min(1),
    name: z.string().nullable(),
    place: Place,
    until: Moment.nullable(),
  }),
  verify: ofSnapshot,
  drill: z.union([ofSnapshot, ofPolicy]),
  delete: ofSnapshot,
  prune: ofPolicy,
  check: ofPolicy,
  plan: z.object({
    request: RestoreRequest,
    description: ClusterDescription,
    placement: Placement,
    repository: RepositoryName.nullable(),
    leader: NodeId,
    /** The restore is to be begun by it at once, where no check fails. */
    restores: z.boolean(),
  }),
  restore: z.object({
    plan: RestorePlan,
    /** The operation that made it. */
    from: z.string(),
    placement: Placement,
    repository: RepositoryName.nullable(),
    leader: NodeId,
    /** Whether the nodes are restarted after it; so were those of before this could be said. */
    restartNodes: z.boolean().default(true),
  }),
  'restart-nodes': z.object({
    nodes: z.array(RestartTarget).min(1),
    /** The restore that it follows; null: a person asked for it. */
    after: OperationId.nullable(),
  }),
} as const satisfies Record<Operation['kind'], z.ZodType>;
export type Inputs = { readonly [Kind in keyof typeof inputs]: z.infer<(typeof inputs)[Kind]> };

/** What an operation was asked for with. */
export function inputOf<Kind extends Operation['kind']>(kind: Kind, operation: Operation): Inputs[Kind] {
  return inputs[kind].parse(operation.input) as Inputs[Kind];
}

/** What the runner keeps in `result` of an operation that is not over, for whoever carries it on next. */
const Notes = z.object({
  /** Somebody wants it given up. */
  cancel: z.object({ by: z.string(), reason: z.string(), at: Moment }).optional(),
  /** The nodes whose member was in quorum when the save began. */
  healthy: z.array(z.string()).optional(),
  /** How much was told as events: records of the restore's journal, or nodes that were restarted. */
  told: z.int().optional(),
  /** The restart of nodes that has followed the restore. */
  restartNodes: OperationId.optional(),
  /** What a person wants done with the restore. */
  wanted: z
    .object({
      verb: z.enum(['resume', 'abort', 'rollback', 'release']),
      by: z.string(),
      attest: z.array(Attestation).default([]),
    })
    .optional(),
});
export type Notes = z.infer<typeof Notes>;

/** @see Notes */
export function notesOf({ result }: Operation): Notes {
  return Notes.catch({}).parse(result ?? {});
}
