import { Failure } from '@holdfast/base';
import type { NodeContext, StepEvidence, StepOrder } from '@holdfast/engine';
import type { HostDriver } from '../host/driver.ts';
import type { Places } from '../places.ts';

/** What a step works with. */
export interface Act {
  readonly order: StepOrder;
  readonly places: Places;
  readonly driver: HostDriver;
  readonly context: NodeContext;
}

/**
 * One step of a restore on a node. Both ways look first at what is on the disk and go on from there, whatever a crash
 * has left: done again, they end the same.
 */
export interface NodeStep {
  perform(act: Act): Promise<StepEvidence>;
  undo(act: Act): Promise<StepEvidence>;
}

/** A step cannot go on for the reason of this node: one sentence without a full stop. */
export function stepFailed({ kind, member }: StepOrder, why: string, cause?: unknown): Failure {
  return new Failure('node-failed', why, { step: kind, member: member.name }, { cause });
}
