import { z } from 'zod';
import { Hex64 } from '../manifest.ts';
import { componentKinds } from './cluster-description.ts';
import { phases, stepKinds, type StepKind } from './phases.ts';
import { RestoreCheck, RestoreLoss, RestorePlan, RestoreSource } from './restore-plan.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Moment = z.iso.datetime();
const Duration = z.int().min(0);

/** One step as it went. */
const ReportedStep = z.object({
  number: z.int().min(1),
  phase: z.enum(phases),
  kind: z.enum(stepKinds as [StepKind, ...StepKind[]]),
  /** Null for the cluster as a whole. */
  member: z.string().nullable(),
  state: z.enum(['pending', 'begun', 'done', 'undoing', 'undone']),
  /** How often it was begun: more than once after an interruption, and where what a `halt` had stopped ran again. */
  attempts: z.int().min(0),
  /** Milliseconds of the attempt that succeeded; null when none did. */
  durationMs: Duration.nullable(),
  /** Milliseconds that the plan foresaw. */
  estimateMs: Duration,
  /** Milliseconds that its undo took; null when it was not undone. */
  undoneMs: Duration.nullable(),
  /** What it found or did. */
  evidence: z.record(z.string(), z.unknown()),
});

/** What became of a restore: made from its plan and its journal alone, so that it can be made again. */
export const RestoreReport = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('RestoreReport'),
  /** Of the restore. */
  id: RestorePlan.shape.id,
  holdfast: z.string(),
  /** Of the plan that was carried out. */
  planHash: Sha256,
  cluster: z.object({
    name: z.string(),
    oldId: Hex64.nullable(),
    /** Of the restored cluster; null when it was not reached, or was undone. */
    newId: Hex64.nullable(),
  }),
  way: RestorePlan.shape.way,
  strategy: RestorePlan.shape.strategy,
  scope: RestorePlan.shape.scope,
  /** Every difference that the plan had, applied or not; what became of each is in the evidence of its `configure`. */
  changes: RestorePlan.shape.changes,
  source: RestoreSource,
  /** SHA-256 of the bytes that every member was given; null where a running cluster gave them. */
  sourceSha256: Sha256.nullable(),
  loss: RestoreLoss,
  /** `rolled-back`: the old data is where it was. */
  outcome: z.enum(['finished', 'rolled-back']),
  /** Why it was rolled back; '' when it finished. */
  why: z.string(),
  /** What a person has to see to although the restore is done. Empty when all is well. */
  warnings: z.array(z.string()),
  /** Who asked for it, user@host; and which processes carried it out. */
  by: z.string(),
  takenBy: z.array(z.object({ at: Moment, by: z.string(), pid: z.int(), host: z.string() })),
  startedAt: Moment,
  endedAt: Moment,
  durationMs: Duration,
  /** When it began to go back; null where it did not. */
  backAt: Moment.nullable().default(null),
  /** Milliseconds in which the cluster did not serve: first stop to last proof of agreement, or to the old one's return. */
  downtimeMs: Duration.nullable(),
  /** Each part of the control plane: when it was proven stopped, if it ran, and when it was ready again, if it was. */
  controlPlane: z
    .array(
      z.object({
        name: z.string(),
        component: z.enum(componentKinds),
        downAt: Moment.nullable(),
        readyAt: Moment.nullable(),
      }),
    )
    .default([]),
  /** Milliseconds in which no described API server served: last one down to first one ready; null where none went down. */
  apiDowntimeMs: Duration.nullable().default(null),
  /** Of the restored cluster, as its members agreed; null when that was not reached. */
  revision: z.int().min(0).nullable(),
  hashKv: z.object({ revision: z.int().min(0), hash: z.int().min(0) }).nullable(),
  steps: z.array(ReportedStep),
  /** What was seen before (P) and after (Q), as the steps found it. */
  checks: z.array(RestoreCheck),
  skips: RestorePlan.shape.skips,
  /** Old data that was put aside, until it is released. */
  kept: z.array(z.object({ member: z.string(), path: z.string() })),
  /** SHA-256 of the report without this field, as canonical JSON (keys sorted, no spaces). */
  hash: Sha256,
});
export type RestoreReport = z.infer<typeof RestoreReport>;
