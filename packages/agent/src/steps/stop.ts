import { Failure } from '@holdfast/base';
import { proveStarted, proveStopped } from '../host/proof.ts';
import { ownClaim } from './claim.ts';
import type { Act, NodeStep } from './step.ts';

/** Stops etcd; undone, it runs again where it had run. */
export const stop: NodeStep = {
  async perform({ order, driver, context }) {
    await driver.stop(context.signal);
    return proveStopped(order.member, driver, context.signal, context.clock);
  },

  async undo(act) {
    const { order, driver, context } = act;
    if (!(await ownClaim(act)).wasRunning) return { started: false };
    // It may have been told to end and not have ended yet: one that is only about to die must not pass for running.
    await stop.perform(act);
    await driver.start({}, context.signal);
    const proof = await proveStarted(order.member, driver, context.signal, context.clock);
    return { started: true, ...proof };
  },
};

/**
 * Nothing may be renamed under an etcd that runs.
 *
 * @throws Failure etcd-not-stopped
 */
export async function refuseRunning({ order, driver, context }: Act): Promise<void> {
  const { running, detail } = await driver.state(context.signal);
  if (running) throw new Failure('etcd-not-stopped', detail, { member: order.member.name });
}
