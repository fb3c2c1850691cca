import { Failure } from '@holdfast/base';
import {
  operationState,
  type Attestation,
  type JournalRecord,
  type OperationState,
  type PlannedStep,
  type RestorePlan,
} from '@holdfast/model';
import type { Repository } from '@holdfast/repository';
import type { performClusterStep } from '../cluster-steps/index.ts';
import type { VerbContext } from '../../context.ts';
import type { Journal, RestoreFolder } from '../journal/index.ts';
import type { Connect, NodeOf } from '../ports.ts';

/** What one who leads a restore needs. */
export interface LeadOptions {
  /** Where the journals of restores are kept. */
  readonly stateDir: string;
  readonly nodes: NodeOf;
  readonly connect: Connect;
  /** Takes the snapshots that a restore saves; none are saved without it. */
  readonly repository?: Repository;
  /** How many members are acted upon at the same time; all when absent, 1: strictly in the plan's order. */
  readonly concurrency?: number;
  /** Who takes it up, user@host; the user of this process when absent. */
  readonly by?: string;
  /** The flags with which the next command can reach the same; noted in the journal, so none of them is a secret. */
  readonly flags?: readonly string[];
  /**
   * The way back: members and parts of the control plane whose machine is off for good. What was done there stays as it
   * is; this is on the word of `by`, and noted in the journal.
   */
  readonly attest?: readonly Attestation[];
  /** Told of every record once it is on the disk. */
  readonly onRecord?: (record: JournalRecord) => void;
  /** Carries out the steps of the cluster as a whole; over gRPC when absent. */
  readonly clusterStep?: typeof performClusterStep;
}

/** A restore in the hands of this process. */
export interface HeldRestore {
  readonly folder: RestoreFolder;
  readonly plan: RestorePlan;
  readonly journal: Journal;
  /** What acts at this moment, also what was told to stop and was given up on. */
  readonly acting: Set<Promise<unknown>>;
}

/** A restore with what it is led with. */
export interface Leader extends HeldRestore {
  readonly context: VerbContext;
  readonly options: LeadOptions;
}

export function stateOf({ plan, journal }: HeldRestore): OperationState {
  return operationState(plan.steps, journal.records);
}

/** The step that was begun and cannot be undone; undefined while everything can. */
export function begunForGood(plan: RestorePlan, state: OperationState): PlannedStep | undefined {
  return plan.steps.find((step) => step.final && state.steps[step.number - 1] !== 'pending');
}

/** @throws restore-paused when a person wants it to stop */
export function pauseIfAsked({ context, plan }: Leader): void {
  if (!context.signal.aborted) return;
  const why = 'it was told to stop; what was done so far stays, what was begun will be done again';
  throw new Failure('restore-paused', why, { id: plan.id }, { cause: context.signal.reason });
}
