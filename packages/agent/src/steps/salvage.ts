import { createReadStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { salvageSnapshot, type ArtefactSource, type StepOrder } from '@holdfast/engine';
import { placesOf } from '../places.ts';
import { makeFolder, remove, syncFolder } from '../on-disk.ts';
import { stepFailed, type NodeStep } from './step.ts';

/** Makes the artefact from the data that was put aside, which is only read. */
export const salvage: NodeStep = {
  async perform({ order, places, driver, context }) {
    const target = `${places.artefact}.part`;
    await remove(places.work);
    await makeFolder(places.work);
    const made = await salvageSnapshot({
      memberDir: places.kept,
      ...(places.log !== undefined && { walDir: places.log.kept }),
      program: await driver.program(),
      folder: places.work,
      target,
      clock: context.clock,
      signal: context.signal,
      ...(context.onProgress !== undefined && { onProgress: context.onProgress }),
    });
    const { sha256, size, revision, replayed, why } = made;
    if (revision < order.plan.source.revision) {
      throw stepFailed(
        order,
        `revision ${revision} was salvaged, and the plan knows of ${order.plan.source.revision}`,
      );
    }
    await rename(target, places.artefact);
    await syncFolder(places.work);
    return { path: places.artefact, sha256, size, revision, replayed, why };
  },

  async undo({ places }) {
    await remove(places.work);
    return {};
  },
};

/** What `salvage` has made, to be read by the other members. */
export function salvaged(order: StepOrder): ArtefactSource {
  const { sha256, size } = order.found.salvage ?? {};
  if (typeof sha256 !== 'string' || typeof size !== 'number') {
    throw stepFailed(order, 'nothing has been salvaged there');
  }
  const { artefact } = placesOf(order.plan, order.member);
  return { sha256, size, open: (signal, from = 0) => createReadStream(artefact, { signal, start: from }) };
}
