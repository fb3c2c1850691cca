import { etcdHost } from '../host/driver.ts';
import { bringBack, bringToRest } from './at-rest.ts';
import { ownClaim } from './claim.ts';
import type { NodeStep } from './step.ts';

/** Stops etcd; undone, it runs again where it had run. */
export const stop: NodeStep = {
  perform: bringToRest,

  async undo(act) {
    const { wasRunning, served, ran, ranUnkept } = await ownClaim(act);
    if (!wasRunning) return { started: false };
    await act.driver.tellJoin(undefined, act.context.signal);
    const { order, context } = act;
    const before = ran && etcdHost({ ...order.member, run: ran }, context.clock);
    const back = await bringBack({ ...act, ...before }, served);
    if (ranUnkept === undefined) return back;
    const warning = `${order.member.name} is started as it is described: ${ranUnkept}`;
    const { warning: other } = back;
    return { ...back, warning: typeof other === 'string' ? `${other}; ${warning}` : warning };
  },
};
