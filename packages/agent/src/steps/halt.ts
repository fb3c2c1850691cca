import type { StepEvidence } from '@holdfast/engine';
import { proveStopped } from '../host/proof.ts';
import { bringBack } from './at-rest.ts';
import { stepFailed, type ComponentAct, type NodeStep } from './step.ts';

/**
 * Stops a part of the control plane; undone, it runs again where it had run. Done once more later, it stops what has been
 * started again since, keeps what was found first, and tells by `stoppedNow` whether there was anything to stop.
 */
export const halt: NodeStep<ComponentAct> = {
  async perform(act) {
    const { order, hosted, driver, context } = act;
    const before = order.found.halt;
    // One that could not be started again is left as it is; but not once the data may have changed.
    if (before === undefined) await refuseUnstartable(act);
    const found = before ?? (await look(act));
    const { running, detail } = await driver.state(context.signal);
    // It may have been started since it was looked at.
    const stoppedNow = (await driver.stop(context.signal)) || running;
    const proof = await proveStopped(hosted, driver, context.signal, context.clock);
    return {
      wasRunning: found['wasRunning'] === true,
      served: found['served'] === true,
      ...proof,
      stoppedNow,
      detail: stoppedNow ? `it was stopped: ${running ? detail : 'it was being started'}` : detail,
    };
  },

  async undo(act) {
    const { order, driver, context } = act;
    const now = await driver.state(context.signal);
    const why = now.running ? await driver.whyUnstartable(context.signal) : undefined;
    if (why !== undefined) {
      const warning = `${order.component.name} runs and was left alone, since nothing could start it again: ${why}`;
      return { started: false, warning };
    }
    const { wasRunning, served } = order.found.halt ?? (await look(act));
    if (wasRunning === true) return bringBack(act, served === true);
    if (order.component.running !== null || order.found.halt !== undefined) return { started: false };
    // Nobody could look before, and this step was not finished.
    const warning = `whether ${order.component.name} ran before the restore is not known: it is stopped`;
    return { started: false, warning };
  },
};

/**
 * Whether it runs, and does its work: what could not serve before need not after this restore is undone. A run before this
 * one, that was killed, may have stopped it: the check has seen it run then, and that it served is not ruled out.
 */
async function look({ order, hosted, driver, context: { signal } }: ComponentAct): Promise<StepEvidence> {
  const { running, pid } = await driver.state(signal);
  const ran = order.component.running === true;
  if (!running) return { wasRunning: ran, served: ran };
  const served = pid !== undefined && 'evidence' in (await hosted.works(pid, signal));
  return { wasRunning: true, served };
}

/** One that could be stopped, and not be started again. */
async function refuseUnstartable({ order, driver, context }: ComponentAct): Promise<void> {
  const why = await driver.whyUnstartable(context.signal);
  if (why !== undefined) throw stepFailed(order, why);
}
