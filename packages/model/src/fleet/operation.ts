import { z } from 'zod';
import { phases } from '../restore/phases.ts';
import { ClusterId, Moment, NodeId, OperationId } from './ids.ts';

export const operationKinds = [
  'save',
  'verify',
  'drill',
  'prune',
  'check',
  'delete',
  'plan', // of a restore: changes nothing
  'restore',
  'restart-nodes', // one node after the other
] as const;
export const OperationKind = z.enum(operationKinds);
export type OperationKind = z.infer<typeof OperationKind>;

/**
 * How an operation stands, and what may follow: `waiting` for approval or for its cluster to be free, then `running`,
 * then one of the ends; a restore may stand still for a person as `stuck`.
 */
export const operationTransitions = {
  waiting: ['running', 'cancelled', 'failed'],
  running: ['succeeded', 'partial', 'failed', 'cancelled', 'rolled-back', 'stuck'],
  stuck: ['running'],
  // A finished restore may be rolled back, or aborted late.
  succeeded: ['running'],
  partial: [],
  failed: [],
  cancelled: [],
  // What it has kept may be released.
  'rolled-back': ['running'],
} as const satisfies Record<string, readonly string[]>;
export type OperationState = keyof typeof operationTransitions;
export const operationStates = Object.keys(operationTransitions) as [OperationState, ...OperationState[]];

/** Those that change a cluster's etcd, or what its repositories keep of it, hold it for themselves. */
export const exclusiveKinds: readonly OperationKind[] = ['restore'];

/** What went wrong, as replies and operations tell it. */
export const FailureTold = z.object({
  code: z.string(),
  /** What, why, and what to do next. */
  what: z.string(),
  why: z.string(),
  next: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
});
export type FailureTold = z.infer<typeof FailureTold>;

/** One step under way or over, of a restore as its plan numbers it. */
export const OperationStep = z.object({
  number: z.int().min(1),
  phase: z.enum(phases),
  kind: z.string(),
  member: z.string().nullable(),
  state: z.enum(['pending', 'begun', 'done', 'undoing', 'undone', 'failed']),
  at: Moment.nullable(),
});

/** Something that is done to a cluster. */
export const Operation = z.object({
  id: OperationId,
  kind: OperationKind,
  cluster: ClusterId,
  state: z.enum(operationStates),
  /** A save goes through Started, RestartCluster and Finished, a restore through all; others have none. */
  phase: z.enum(phases).nullable(),
  /** Why it waits, stands still or has ended so; '' when all is well. */
  why: z.string(),
  steps: z.array(OperationStep),
  policy: z.string().nullable(),
  trigger: z.enum(['manual', 'schedule', 'pre-upgrade', 'api']),
  /** The due time that it makes up; one operation for each, whoever schedules. */
  scheduledFor: Moment.nullable(),
  requestedBy: z.string(),
  approvals: z.array(z.object({ by: z.string(), at: Moment })),
  approvalsNeeded: z.int().min(0),
  /** The node that carries it out, or leads the restore. */
  node: NodeId.nullable(),
  createdAt: Moment,
  startedAt: Moment.nullable(),
  endedAt: Moment.nullable(),
  /** What was asked for; its shape is the kind's. */
  input: z.record(z.string(), z.unknown()),
  /** What came of it; its shape is the kind's. */
  result: z.record(z.string(), z.unknown()).nullable(),
  failure: FailureTold.nullable(),
});
export type Operation = z.infer<typeof Operation>;

/** Something that happened in an operation; numbered from 0 without holes. */
export const OperationEvent = z.object({
  operation: OperationId,
  n: z.int().min(0),
  at: Moment,
  /** `state`, `phase`, `record` (of a restore's journal), `progress` (kept only as the newest), `note`. */
  type: z.enum(['state', 'phase', 'record', 'progress', 'note']),
  data: z.record(z.string(), z.unknown()),
});
export type OperationEvent = z.infer<typeof OperationEvent>;
