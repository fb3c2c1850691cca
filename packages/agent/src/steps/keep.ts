import { notOfLog } from '../places.ts';
import { freeData } from './at-rest.ts';
import { bar, memberPlace, unbar } from './bar.ts';
import { ownClaim } from './claim.ts';
import { move, moveEntries, namesIn, remove, stands } from '../on-disk.ts';
import { stepFailed, type Act, type NodeStep } from './step.ts';

/**
 * Puts the old data aside and bars its name. The name is barred before anything of the log is moved, and until all of it
 * is back: at no moment is there a `member` without its log.
 */
export const keep: NodeStep = {
  async perform(act) {
    const { order, places } = act;
    await freeData(act);
    const { hadMember } = await ownClaim(act);
    if ((await memberPlace(act)) === 'taken') {
      if (await stands(places.kept))
        throw stepFailed(order, `${places.member} and ${places.kept} both stand`);
      await move(places.member, places.kept);
    }
    const kept = await stands(places.kept);
    if (hadMember && !kept) throw gone(act);
    await bar(act);
    const log = await keepLog(act);
    return { kept: kept ? places.kept : null, keptLog: log };
  },

  async undo(act) {
    const { order, places } = act;
    const kept = await stands(places.kept);
    const place = await memberPlace(act);
    const { hadMember } = await ownClaim(act);
    await remove(places.part);
    const keptLog = places.log !== undefined && (await stands(places.log.kept));
    // Nothing was put aside yet; an etcd that has come back meanwhile runs on what it has always had.
    if (place === 'taken' && !kept && !keptLog) return { returned: false };
    await freeData(act);
    if (kept && place === 'taken') {
      throw stepFailed(
        order,
        `${places.member} is not of this restore, and ${places.kept} cannot go back over it`,
      );
    }
    if (hadMember && !kept && place !== 'taken') throw gone(act);
    await returnLog(act);
    await unbar(act);
    if (kept) await move(places.kept, places.member);
    return { returned: kept };
  },
};

function gone({ order, places }: Act): Error {
  return stepFailed(order, `${places.member} was there when the restore began, and ${places.kept} is not`);
}

/** Where the log was put; null when there is none, or it lies in `member`. */
async function keepLog({ order, places: { log } }: Act): Promise<string | null> {
  if (log === undefined) return null;
  const names = (await namesIn(log.dir)).filter((name) => !notOfLog(name));
  const taken = await moveEntries(log.dir, log.kept, names);
  if (taken !== undefined) throw stepFailed(order, `${log.kept} holds ${taken} already`);
  return (await stands(log.kept)) ? log.kept : null;
}

async function returnLog({ order, places: { log } }: Act): Promise<void> {
  if (log === undefined || !(await stands(log.kept))) return;
  const taken = await moveEntries(log.kept, log.dir, await namesIn(log.kept));
  if (taken !== undefined) {
    throw stepFailed(
      order,
      `${log.dir} holds ${taken}, which is not of this restore, and the old one cannot go back`,
    );
  }
  await remove(log.kept);
}
