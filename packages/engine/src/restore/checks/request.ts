import type { RestoreCheck, RestorePlan } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import type { SnapshotContent } from '../../content/index.ts';
import type { VerbContext } from '../../context.ts';
import type { Connect, NodeOf } from '../ports.ts';
import type { SnapshotFacts } from './snapshot-facts.ts';

/** A plan before its checks are made, or a whole one. */
export type PlanToBe = Omit<RestorePlan, 'checks' | 'steps' | 'hash' | 'estimateMs'>;

/** What is to be restored, and how its parts are reached. */
export interface PreflightRequest {
  readonly plan: PlanToBe;
  readonly nodes: NodeOf;
  readonly connect: Connect;
  /** Where the snapshot is stored, when it is. */
  readonly repository?: Repository;
  /** The snapshot of another cluster is wanted. */
  readonly clone?: boolean;
}

/** What the checks look at. */
export interface Subject extends PreflightRequest {
  readonly context: VerbContext;
  /** The snapshot as the repository has it; undefined for a file, and without a snapshot. */
  readonly stored: SnapshotEntry | undefined;
  /** The plain bytes of the snapshot; undefined without one. Throws as plannedContent. */
  readonly content: () => Promise<SnapshotContent | undefined>;
  /** What they say; undefined without a snapshot. Throws Failure not-a-snapshot; as the content. */
  readonly facts: () => Promise<SnapshotFacts | undefined>;
}

/** What one check has found. */
export type Finding = Pick<RestoreCheck, 'outcome' | 'detail'> & Partial<Pick<RestoreCheck, 'evidence'>>;

/** Looks at one thing, and changes nothing. */
export type Look = (subject: Subject) => Finding | Promise<Finding>;
