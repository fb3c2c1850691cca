import { bringToRest, bringUp } from './at-rest.ts';
import type { ComponentAct, NodeStep } from './step.ts';

/** Starts a part of the control plane on the new data and waits until it is ready. */
export const serve: NodeStep<ComponentAct> = {
  perform: (act) => bringUp(act),
  undo: bringToRest,
};
