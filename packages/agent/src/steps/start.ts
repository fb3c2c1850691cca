import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import type { StepEvidence } from '@holdfast/engine';
import { joins } from '../places.ts';
import { bringToRest, bringUp } from './at-rest.ts';
import { memberPlace } from './bar.ts';
import { makeAlike } from './likeness.ts';
import { inodeOf, isFolder, makeFolder, remove } from '../on-disk.ts';
import { readMarker, writeMarker } from './marker.ts';
import { takeName } from './place.ts';
import { stepFailed, type Act, type NodeStep } from './step.ts';
import { takeAway } from './take-away.ts';

/** Starts etcd on the new data. One that joins gets an empty folder, so that what it takes in is known again. */
export const start: NodeStep = {
  async perform(act) {
    const { order, driver, context } = act;
    const joining = joins(order.plan, order.member);
    if (joining && order.join === undefined) throw stepFailed(order, 'nobody has told whom it joins');
    // Before its name is free: whatever starts it from then on, a boot too, must not let it found a cluster of its own.
    await driver.tellJoin(joining ? order.join : undefined, context.signal);
    const begun = joining ? await beginEmpty(act) : {};
    if ((await memberPlace(act)) !== 'taken') throw stepFailed(order, `${act.places.member} is not there`);
    return { ...(await bringUp(act)), ...begun };
  },

  async undo(act) {
    const { order, places, driver, context } = act;
    const proof = await bringToRest(act);
    if (!joins(order.plan, order.member)) return proof;
    const marker = await readMarker(places);
    const taken = await takeAway(act, order.found.start?.['memberInode'] ?? marker?.['memberInode']);
    await remove(places.work);
    // Its name is barred again.
    await driver.tellJoin(undefined, context.signal);
    return { ...proof, ...taken };
  },
};

/** The marker stays until `unlock`: by it a second run knows the folder, whatever etcd has put there. */
async function beginEmpty(act: Act): Promise<StepEvidence> {
  const { places, context } = act;
  const marker = await readMarker(places);
  if (marker !== undefined && marker['memberInode'] === (await inodeOf(places.member))) return marker;
  const empty = join(places.work, 'member');
  let evidence = marker;
  if (marker === undefined || marker['memberInode'] !== (await inodeOf(empty))) {
    await remove(places.work);
    await makeFolder(places.work);
    await mkdir(empty, { mode: 0o700 });
    await makeAlike(empty, (await isFolder(places.kept)) ? places.kept : places.dataDir, context.signal);
    evidence = { memberInode: await inodeOf(empty) };
    await writeMarker(places, evidence);
  }
  // What still tries to start, barred, would take the empty folder for a cluster of its own.
  await act.driver.stop(context.signal);
  await takeName(act, empty);
  return evidence ?? {};
}
