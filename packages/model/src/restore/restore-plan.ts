import { z } from 'zod';
import { Hex64 } from '../manifest.ts';
import { ComponentDescription, MemberDescription } from './cluster-description.ts';
import { phases, stepKinds, type StepKind } from './phases.ts';
import { PlannedChange, RestoreScope, WantedConfiguration } from './scope.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Revision = z.int().min(0);

/** What a check of before or after found. `id` is that of the list of checks: P1 to P15, Q1 to Q12. */
export const RestoreCheck = z.object({
  id: z.string().regex(/^[PQ]\d{1,2}$/),
  what: z.string(),
  outcome: z.enum(['passed', 'warned', 'failed', 'skipped']),
  /** One sentence: what was seen. */
  detail: z.string(),
  /** Why a person let it be skipped. */
  reason: z.string().optional(),
  /** Figures and names behind the sentence. */
  evidence: z.record(z.string(), z.unknown()).default({}),
});
export type RestoreCheck = z.infer<typeof RestoreCheck>;

/** A member as its cluster lists it; a name of '' has not started yet. */
export const OldMember = z.object({
  id: Hex64,
  name: z.string(),
  peerUrls: z.array(z.string()),
  isLearner: z.boolean(),
});
export type OldMember = z.infer<typeof OldMember>;

/** What a data directory's machine has to offer. Sizes are bytes. */
export const MemberRoom = z.object({
  /** Tells file systems of all machines apart: members of one machine may share one. */
  fileSystem: z.string(),
  free: z.int().min(0),
  memory: z.int().min(0),
  writable: z.boolean(),
  /** Whether the old data can be renamed within the directory. */
  renames: z.boolean(),
});
export type MemberRoom = z.infer<typeof MemberRoom>;

/** What was seen of a member before anything was touched. */
export const MemberSight = z.object({
  /** Whether its etcd runs; null when nobody could look. */
  running: z.boolean().nullable(),
  /** Whether it answers, and is in a quorum. */
  answers: z.boolean(),
  inQuorum: z.boolean(),
  /** What its data directory holds. */
  data: z.enum(['readable', 'damaged', 'absent', 'unknown']),
  /** Why the data is not readable; '' otherwise. */
  dataFault: z.string().default(''),
  /** Of the readable data: revision, and last applied raft entry. */
  revision: Revision.nullable(),
  appliedIndex: z.int().min(0).nullable(),
  /** The last entry that the log knows to be committed; null without a readable log. */
  committedIndex: z.int().min(0).nullable(),
  /** The last entry of the log, and its raft term. It may be committed without the log knowing of it yet. */
  lastIndex: z.int().min(0).nullable().default(null),
  term: z.int().min(0).nullable(),
  /** Bytes of the database. */
  size: z.int().min(0).nullable(),
  /** When the data was last written. */
  writtenAt: z.iso.datetime().nullable(),
  clusterId: Hex64.nullable(),
  memberId: Hex64.nullable(),
  /** All members of its cluster, as its etcd or else its data lists them; null when neither can be asked. */
  listed: z.array(OldMember).nullable().default(null),
  /** Of the etcd that a start would run, else of the one that runs, as 3.6.16; null when nobody could tell. */
  version: z.string().nullable().default(null),
  /** The highest revision in what rolled back restores have put aside beside the data; absent when there is none. */
  undoneRevision: Revision.optional(),
  /** Absent where the data directory is not there, and from an agent of before this was told. */
  room: MemberRoom.optional(),
});
export type MemberSight = z.infer<typeof MemberSight>;

/** That somebody vouches: the member, or part of the control plane, is off, though nobody can reach it. */
export const Attestation = z.strictObject({ member: z.string(), reason: z.string().min(3) });
export type Attestation = z.infer<typeof Attestation>;

/** A member in a plan: of the new cluster, or a former one that is only stopped and put aside. */
export const PlannedMember = MemberDescription.extend({
  role: z.enum(['member', 'former']),
  sight: MemberSight,
  /** Who vouches that an unreachable member is off, and why. */
  attested: z.object({ by: z.string(), reason: z.string() }).optional(),
});
export type PlannedMember = z.infer<typeof PlannedMember>;

/** A part of the control plane in a plan. */
export const PlannedComponent = ComponentDescription.extend({
  /** Whether it runs, or will be started again by whoever watches over it; null when nobody could look. */
  running: z.boolean().nullable(),
  /** How that is known, or why it is not; one sentence without a full stop. */
  detail: z.string().optional(),
  /** Who vouches that an unreachable one is off, and why. */
  attested: z.object({ by: z.string(), reason: z.string() }).optional(),
});
export type PlannedComponent = z.infer<typeof PlannedComponent>;

/** From what the data comes. */
export const RestoreSource = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('snapshot'),
    /** A name in a repository, or the path of a file. */
    label: z.string(),
    /** Where its plain bytes lie, for whoever leads the restore; null where only its repository opens it. */
    path: z.string().nullable(),
    /** Where it is stored; absent for a file, and in plans of before this was noted. */
    stored: z.object({ repository: z.string(), clusterId: z.string(), name: z.string() }).optional(),
    sha256: Sha256,
    size: z.int().min(0),
    revision: Revision,
    /** When it was taken; null for a file without a manifest. */
    takenAt: z.iso.datetime().nullable(),
  }),
  z.object({
    kind: z.literal('salvage'),
    /** The member whose data survives. */
    member: z.string(),
    size: z.int().min(0),
    /** Of its database; the log behind it may bring more. */
    revision: Revision,
  }),
  /** The cluster that runs gives it to the members that are replaced. */
  z.object({ kind: z.literal('quorum'), size: z.int().min(0), revision: Revision }),
]);
export type RestoreSource = z.infer<typeof RestoreSource>;

/** What will be missing afterwards. Null: cannot be told, `why` says why. */
export const RestoreLoss = z.object({
  revisions: z.int().min(0).nullable(),
  /** Changes after this moment are lost. */
  since: z.iso.datetime().nullable(),
  objects: z
    .object({
      created: z.int().min(0),
      changed: z.int().min(0),
      deleted: z.int().min(0),
      /** Some of the keys, with what would become of them. */
      examples: z.array(z.object({ key: z.string(), change: z.enum(['created', 'changed', 'deleted']) })),
    })
    .nullable(),
  why: z.string(),
});
export type RestoreLoss = z.infer<typeof RestoreLoss>;

/** One step of a plan. */
export const PlannedStep = z.object({
  /** From 1, in the order of doing. */
  number: z.int().min(1),
  phase: z.enum(phases),
  kind: z.enum(stepKinds as [StepKind, ...StepKind[]]),
  /** The member, or part of the control plane, that it is about; null for the cluster as a whole. */
  member: z.string().nullable(),
  does: z.string(),
  undone: z.string().nullable(),
  final: z.boolean(),
  /** Whether API servers come up with it, though it is no `serve`: a server of K3s or RKE2 has etcd and them in one unit. */
  serves: z.literal(true).optional(),
  /** Milliseconds after which it counts as failed. */
  limitMs: z.int().min(1),
  /** Milliseconds that it should take. */
  estimateMs: z.int().min(0),
});
export type PlannedStep = z.infer<typeof PlannedStep>;

export const restoreIdPattern = /^r-\d{8}t\d{6}z-[0-9a-f]{6}$/;

/** A restore as a value: everything that will be done, before any of it is. */
export const RestorePlan = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('RestorePlan'),
  /** Of this attempt; in every name that it leaves on a node. */
  id: z.string().regex(restoreIdPattern),
  createdAt: z.iso.datetime(),
  holdfast: z.string(),
  cluster: z.object({ name: z.string(), oldId: Hex64.nullable() }),
  /** What was found, in a sentence, and why this way is taken. */
  why: z.string(),
  way: z.enum(['snapshot', 'salvage', 'replace']),
  strategy: z.enum(['all', 'seed']),
  /** With `seed`: the member that starts alone. */
  seed: z.string().nullable(),
  source: RestoreSource,
  /** Cluster token of the new cluster; null when the old one lives on. */
  token: z.string().nullable(),
  /** How far revisions are moved; null: not at all. */
  bump: z.object({ by: z.int().min(1), markCompacted: z.boolean() }).nullable(),
  /** Of the new cluster; null where only the run can tell. */
  expected: z.object({ clusterId: Hex64.nullable(), revision: Revision.nullable() }),
  members: z.array(PlannedMember).min(1),
  /** Stopped before etcd and started after it; empty with `replace`, whose cluster goes on serving. */
  controlPlane: z.array(PlannedComponent).default([]),
  /** `replace`: the other members of the cluster, which run on and through which it is asked. */
  staying: z.array(MemberDescription).optional(),
  /** How much is brought back; absent in plans of before there was more than etcd. */
  scope: RestoreScope.optional(),
  /** What the machines are compared with; absent with scope `none`. */
  wanted: WantedConfiguration.optional(),
  /** In what they differ from it; absent with scope `none`. */
  changes: z.array(PlannedChange).optional(),
  loss: RestoreLoss,
  /** What could be done instead, best first. */
  otherWays: z
    .array(
      z.object({
        way: z.enum(['objects', 'start', 'replace', 'salvage', 'snapshot']),
        /** The snapshot, or the members that it is about. */
        of: z.string(),
        why: z.string(),
        /** At which the cluster would be afterwards, as far as it is known. */
        revision: Revision.nullable(),
        /** What would be missing afterwards; null where nothing is taken back. */
        loss: RestoreLoss.nullable(),
      }),
    )
    .optional(),
  checks: z.array(RestoreCheck),
  /** Checks that a person lets be skipped, each with a reason. */
  skips: z.array(z.object({ check: z.string(), reason: z.string() })),
  steps: z.array(PlannedStep).min(1),
  /** Milliseconds that all should take. */
  estimateMs: z.int().min(0),
  /** Who asked for it: user@host. */
  by: z.string(),
  /** SHA-256 of the plan without this field, as canonical JSON (keys sorted, no spaces). */
  hash: Sha256,
});
export type RestorePlan = z.infer<typeof RestorePlan>;
