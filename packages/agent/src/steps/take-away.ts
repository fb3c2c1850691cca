import { join } from 'node:path';
import { notOfLog } from '../places.ts';
import { freeData } from './at-rest.ts';
import { bar, memberPlace } from './bar.ts';
import { ownClaim } from './claim.ts';
import { inodeOf, makeFolder, move, moveEntries, namesIn, remove, stands } from '../on-disk.ts';
import { stepFailed, type Act } from './step.ts';

/**
 * Takes the new data away and bars its name again. What a cluster that was started may have taken in is put aside; of any
 * other only what this restore itself has put there is removed.
 *
 * @param inode by which the folder that this restore has put there is known
 * @throws Failure node-failed when `member` is another folder
 */
export async function takeAway(act: Act, inode: unknown): Promise<{ undone: string | null }> {
  const { order, places } = act;
  await freeData(act);
  const removed = join(places.work, 'removed');
  if ((await memberPlace(act)) === 'taken') {
    if ((await ownClaim(act)).hadMember && !(await stands(places.kept))) {
      throw stepFailed(order, `there is no ${places.kept}, so ${places.member} may be the old data`);
    }
    if (inode === undefined || (await inodeOf(places.member)) !== inode) {
      throw stepFailed(order, `${places.member} is not what this restore has put there`);
    }
    if (order.keepNew === true) {
      if (await stands(places.undone)) {
        throw stepFailed(order, `${places.member} and ${places.undone} both stand`);
      }
      await move(places.member, places.undone);
    } else {
      await makeFolder(places.work);
      // A name that nothing starts from, before it is only half there.
      await move(places.member, removed);
    }
  }
  await bar(act);
  await takeLogAway(act);
  await remove(removed);
  return { undone: (await stands(places.undone)) ? places.undone : null };
}

async function takeLogAway({ order, places: { log } }: Act): Promise<void> {
  if (log === undefined) return;
  await remove(log.waiting);
  await remove(log.staged);
  const names = (await namesIn(log.dir)).filter((name) => !notOfLog(name));
  if (order.keepNew === true) {
    const taken = await moveEntries(log.dir, log.undone, names);
    if (taken !== undefined) throw stepFailed(order, `${log.undone} holds ${taken} already`);
    return;
  }
  // The old files were put aside before the name was free, so these are of the new data; other names are nobody's we know.
  for (const name of names) if (/\.(?:wal|tmp)$/.test(name)) await remove(join(log.dir, name));
}
