import { Failure } from '@holdfast/base';
import type { ComponentOrder, NodeContext, StepEvidence, StepOrder } from '@holdfast/engine';
import type { EtcdDriver, Host } from '../host/driver.ts';
import type { Places } from '../places.ts';

/** What a step of a member works with. */
export interface Act extends Host<EtcdDriver> {
  readonly order: StepOrder;
  readonly places: Places;
  readonly context: NodeContext;
}

/** What a step of a part of the control plane works with. */
export interface ComponentAct extends Host {
  readonly order: ComponentOrder;
  readonly context: NodeContext;
}

/**
 * One step of a restore on a node. Both ways look first at what is on the disk and go on from there, whatever a crash
 * has left: done again, they end the same.
 */
export interface NodeStep<Of = Act> {
  perform(act: Of): Promise<StepEvidence>;
  undo(act: Of): Promise<StepEvidence>;
}

/** A step cannot go on for the reason of this node: one sentence without a full stop. */
export function stepFailed(order: StepOrder | ComponentOrder, why: string, cause?: unknown): Failure {
  const { name } = 'member' in order ? order.member : order.component;
  return new Failure('node-failed', why, { step: order.kind, member: name }, { cause });
}
