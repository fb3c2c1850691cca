import { bringBack, bringToRest } from './at-rest.ts';
import { ownClaim } from './claim.ts';
import type { NodeStep } from './step.ts';

/** Stops etcd; undone, it runs again where it had run. */
export const stop: NodeStep = {
  perform: bringToRest,

  async undo(act) {
    const { wasRunning, served } = await ownClaim(act);
    if (!wasRunning) return { started: false };
    await act.driver.tellJoin(undefined, act.context.signal);
    return bringBack(act, served);
  },
};
