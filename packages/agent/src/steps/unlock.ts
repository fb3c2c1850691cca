import { joins } from '../places.ts';
import { claimText, foundIn, isOwn, readClaim, refuseOthers } from './claim.ts';
import { putNew, remove, stands } from '../on-disk.ts';
import type { NodeStep } from './step.ts';

/** Gives the claim back; undone, it is made again with what `lock` had found. */
export const unlock: NodeStep = {
  async perform(act) {
    const { places, order, driver, context } = act;
    const claim = await readClaim(places.claim);
    if (claim === undefined || !isOwn(act, claim)) return { held: false };
    // It has a log of its own now, beside which these flags count for nothing.
    if (joins(order.plan, order.member)) await driver.tellJoin(undefined, context.signal);
    await remove(places.part);
    await remove(places.work);
    await remove(places.claim);
    return { held: false };
  },

  async undo(act) {
    const { places, order } = act;
    const text = claimText(act, foundIn(order.found.lock ?? {}));
    const taken = (await stands(places.claim)) || !(await putNew(places.claim, text, 0o600, places.part));
    const claim = taken ? await readClaim(places.claim) : undefined;
    if (claim !== undefined) refuseOthers(act, claim);
    await remove(places.part);
    return { held: true };
  },
};
