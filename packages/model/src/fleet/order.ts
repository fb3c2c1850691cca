import { z } from 'zod';
import { Policy, PolicyTarget } from '../policy/policy.ts';
import {
  ClusterDescription,
  ComponentDescription,
  MemberDescription,
} from '../restore/cluster-description.ts';
import { JournalRecord } from '../restore/operation.ts';
import { stepKinds, type StepKind } from '../restore/phases.ts';
import { Attestation, PlannedComponent, PlannedMember, RestorePlan } from '../restore/restore-plan.ts';
import { RestoreScope, WantedConfiguration } from '../restore/scope.ts';
import { Moment, NodeId, OperationId, OrderId, RepositoryName } from './ids.ts';
import { NodePart } from './node-part.ts';
import { FailureTold } from './operation.ts';
import { Placement, RestoreRequest } from './restore-request.ts';

const Evidence = z.record(z.string(), z.unknown());
const Kind = z.enum(stepKinds as [StepKind, ...StepKind[]]);
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Where a node gets the bytes of a snapshot: from another one of its cluster, over mutual TLS, in parts. */
export const PeerArtefact = z.strictObject({
  sha256: Sha256,
  size: z.int().min(0),
  from: z.strictObject({ node: NodeId, url: z.url() }),
});
export type PeerArtefact = z.infer<typeof PeerArtefact>;

/** A `StepOrder` of the restore engine, with the bytes as a place to get them from. */
const RemoteStep = z.strictObject({
  plan: RestorePlan,
  kind: Kind,
  member: PlannedMember,
  found: z.partialRecord(Kind, Evidence),
  join: z.strictObject({ initialCluster: z.string() }).optional(),
  artefact: PeerArtefact.optional(),
  keepNew: z.literal(true).optional(),
});
const RemoteComponentStep = z.strictObject({
  plan: RestorePlan,
  kind: z.enum(['halt', 'serve', 'configure']),
  component: PlannedComponent,
  found: z.partialRecord(Kind, Evidence),
  artefact: PeerArtefact.optional(),
});

/** A `CompareOrder` of the restore engine. */
const RemoteComparison = z.strictObject({
  restore: z.string(),
  scope: RestoreScope,
  wanted: WantedConfiguration,
  members: z.array(MemberDescription),
  components: z.array(ComponentDescription),
  artefact: PeerArtefact.optional(),
});

/** One call of the restore engine's `RestoreNode`, made by the node that leads. */
export const NodeCall = z.discriminatedUnion('call', [
  z.strictObject({ call: z.literal('observe'), member: MemberDescription }),
  z.strictObject({ call: z.literal('compare'), order: RemoteComparison }),
  z.strictObject({ call: z.literal('perform'), order: RemoteStep }),
  z.strictObject({ call: z.literal('undo'), order: RemoteStep }),
  z.strictObject({ call: z.literal('observe-component'), component: ComponentDescription }),
  z.strictObject({ call: z.literal('perform-component'), order: RemoteComponentStep }),
  z.strictObject({ call: z.literal('undo-component'), order: RemoteComponentStep }),
  z.strictObject({ call: z.literal('release'), plan: RestorePlan, member: PlannedMember }),
  /** Serve the bytes that a `salvage` of this restore has made; answered with a PeerArtefact. */
  z.strictObject({ call: z.literal('offer'), order: RemoteStep }),
]);
export type NodeCall = z.infer<typeof NodeCall>;

/** A snapshot to be acted upon. */
const Stored = { repository: RepositoryName, cluster: z.string(), snapshot: z.string() };

/** What a node can be told to do, by the kind of order: what it is given. All are done again without harm. */
export const orderInputs = {
  save: z.strictObject({
    /** Null: asked for by a person, under no policy. */
    policy: Policy.nullable(),
    cluster: z.string(),
    targets: z.array(PolicyTarget).min(1),
    trigger: z.enum(['manual', 'schedule', 'pre-upgrade', 'api']),
    /** An exact name; made from the cluster's when absent. */
    name: z.string().optional(),
    scheduledFor: Moment.nullable(),
  }),
  verify: z.strictObject(Stored),
  drill: z.strictObject(Stored),
  delete: z.strictObject({ ...Stored, reason: z.string() }),
  prune: z.strictObject({ policy: Policy, cluster: z.string() }),
  check: z.strictObject({ policy: Policy, cluster: z.string() }),
  /** Makes the plan of a restore, as its leader; changes nothing. */
  plan: z.strictObject({
    request: RestoreRequest,
    description: ClusterDescription,
    placement: Placement,
    by: z.string(),
  }),
  /** Leads a restore, or goes on with one, from this node. */
  lead: z.strictObject({
    verb: z.enum(['run', 'resume', 'abort', 'rollback', 'release']),
    plan: RestorePlan,
    placement: Placement,
    repository: RepositoryName.nullable(),
    by: z.string(),
    /** Of a restore that another node led: its journal so far, to go on from where this node knows none. */
    records: z.array(JournalRecord).optional(),
    /** Whose machines are off for good, on the word of `by`: nothing is put back there. */
    attest: z.array(Attestation).optional(),
  }),
  /** Restarts what runs Kubernetes' part of the node, and waits until it is ready again. */
  restart: z.strictObject({
    /** Parts that are left as they are. */
    except: z.array(NodePart),
  }),
  node: NodeCall,
} as const;
export type OrderKind = keyof typeof orderInputs;
export type OrderInput<Kind extends OrderKind> = z.infer<(typeof orderInputs)[Kind]>;
export const orderKinds = Object.keys(orderInputs) as [OrderKind, ...OrderKind[]];

/** What a save order answers with. Verify answers with its Evidence, drill with its DrillReport, plan, lead and restart with theirs. */
export const SaveResult = z.object({
  outcome: z.enum(['ok', 'partial', 'failed']),
  failure: FailureTold.nullable(),
  snapshot: z.string(),
  storedIn: z.array(z.string()),
  note: z.string(),
  warnings: z.array(z.string()),
});
export type SaveResult = z.infer<typeof SaveResult>;

/** What prune, check and delete answer with. */
export const JobResult = SaveResult.omit({ snapshot: true, storedIn: true });
export type JobResult = z.infer<typeof JobResult>;

/** Something that a node is to do. */
export const Order = z.object({
  id: OrderId,
  operation: OperationId,
  node: NodeId,
  kind: z.enum(orderKinds),
  /** By `orderInputs`. */
  input: z.record(z.string(), z.unknown()),
  /** `server`, or the node that leads the restore. */
  issuedBy: z.string(),
  createdAt: Moment,
  /** Given up then, whatever the node does; null: never. */
  deadline: Moment.nullable(),
});
export type Order = z.infer<typeof Order>;

/** How an order ended. */
export const OrderOutcome = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('done'), result: z.record(z.string(), z.unknown()) }),
  z.strictObject({ outcome: z.literal('failed'), failure: FailureTold }),
  z.strictObject({ outcome: z.literal('cancelled') }),
]);
export type OrderOutcome = z.infer<typeof OrderOutcome>;
