import { Failure } from '@holdfast/base';
import type { StepEvidence } from '@holdfast/engine';
import { bringBack, bringToRest } from './at-rest.ts';
import type { ComponentAct, NodeStep } from './step.ts';

/** Stops a part of the control plane; undone, it runs again where it had run. */
export const halt: NodeStep<ComponentAct> = {
  async perform(act) {
    const { order, driver, context } = act;
    await refuseUnstartable(act);
    const found = order.found.halt ?? (await look(act));
    const { running, detail } = await driver.state(context.signal);
    const proof = await bringToRest(act);
    // A run before this one, that was killed, may have stopped it: the plan tells what it had found.
    const wasRunning = found['wasRunning'] === true || order.component.running === true;
    return {
      wasRunning,
      served: found['served'] === true,
      ...proof,
      detail: running ? `it was stopped: ${detail}` : detail,
    };
  },

  async undo(act) {
    const { order, driver, context } = act;
    const { running } = order.component;
    const { wasRunning = running === true, served } = order.found.halt ?? {};
    if (wasRunning === true) return bringBack(act, served === true);
    if (running !== null || order.found.halt !== undefined) return { started: false };
    // Nobody could look before, and this step was not finished.
    const now = await driver.state(context.signal);
    if (now.running) return bringBack(act, false);
    const warning = `whether ${order.component.name} ran before the restore is not known: it is stopped`;
    return { started: false, warning };
  },
};

/** Whether it runs, and does its work: what could not serve before need not after this restore is undone. */
async function look({ hosted, driver, context: { signal } }: ComponentAct): Promise<StepEvidence> {
  const { running, pid } = await driver.state(signal);
  const served = pid !== undefined && 'evidence' in (await hosted.works(pid, signal));
  return { wasRunning: running, served };
}

/** One whose program is not there could be stopped, and not be started again. */
async function refuseUnstartable({ order: { component }, driver }: ComponentAct): Promise<void> {
  if (component.run.driver !== 'process' || (await driver.program()) !== undefined) return;
  const why = `the command of ${component.name} begins with ${component.run.command[0]}, which is no program on this machine`;
  throw new Failure('node-failed', why, { step: 'halt', member: component.name });
}
