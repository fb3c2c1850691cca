import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { notOfLog, type LogPlaces } from '../places.ts';
import { freeData } from './at-rest.ts';
import { memberPlace, unbar } from './bar.ts';
import { makeAlike, type Likeness } from './likeness.ts';
import { inodeOf, isFolder, move, namesIn, remove, stands, syncFolder } from '../on-disk.ts';
import { readMarker } from './marker.ts';
import { stepFailed, type Act, type NodeStep } from './step.ts';
import { takeAway } from './take-away.ts';

/**
 * Gives the staged data its name. With a log elsewhere there is no single rename, so the log gets its name last, and
 * until then one that makes an etcd see a log and find none in it: it gives up instead of beginning anew.
 */
export const place: NodeStep = {
  async perform(act) {
    const { order, places } = act;
    await freeData(act);
    const inode = order.found.stage?.['memberInode'];
    const staged = join(places.staged, 'member');
    let likeness: Likeness | null = null;
    if (inode === undefined || (await inodeOf(places.member)) !== inode) {
      const marker = await readMarker(places);
      if (inode === undefined || marker?.['memberInode'] !== inode || (await inodeOf(staged)) !== inode) {
        throw stepFailed(order, `there is no whole staged data in ${places.staged}`);
      }
      likeness = await alike(act, staged);
      if (places.log !== undefined) await readyLog(act, places.log);
      await takeName(act, staged);
    }
    if (places.log !== undefined) await nameLog(act, places.log);
    await remove(places.work);
    return { memberInode: inode, ...likeness };
  },

  async undo(act) {
    return takeAway(act, act.order.found.stage?.['memberInode']);
  },
};

async function alike({ places, context }: Act, folder: string): Promise<Likeness> {
  const like = (await isFolder(places.kept)) ? places.kept : places.dataDir;
  return makeAlike(folder, like, context.signal);
}

/**
 * Renames a folder to `member`, in place of the bar.
 *
 * @throws Failure node-failed when anything else has the name
 */
export async function takeName(act: Act, folder: string): Promise<void> {
  const { order, places } = act;
  if ((await memberPlace(act)) === 'taken') {
    throw stepFailed(order, `${places.member} is neither barred nor free`);
  }
  await unbar(act);
  await move(folder, places.member);
}

/** Whoever takes the staged log away from its folder has the rest of the way to go, see {@link nameLog}. */
async function readyLog({ order, context }: Act, log: LogPlaces): Promise<void> {
  if (await stands(log.waiting)) return;
  const names = (await namesIn(log.staged)).filter((name) => name.endsWith('.wal'));
  const [name] = names;
  if (name === undefined || names.length > 1)
    throw stepFailed(order, `there is no staged log in ${log.staged}`);
  await makeAlike(log.staged, log.dir, context.signal);
  await link(join(log.staged, name), log.waiting);
  await syncFolder(log.dir);
}

async function nameLog({ order }: Act, log: LogPlaces): Promise<void> {
  const [name] = (await namesIn(log.staged)).filter((each) => each.endsWith('.wal'));
  if (name !== undefined) {
    const final = join(log.dir, name);
    const inode = await inodeOf(join(log.staged, name));
    if (!(await stands(final))) {
      await link(join(log.staged, name), final);
      await syncFolder(log.dir);
    }
    if ((await inodeOf(final)) !== inode) throw stepFailed(order, `${final} is not of this restore`);
  } else if (!(await namesIn(log.dir)).some((each) => each.endsWith('.wal') && !notOfLog(each))) {
    throw stepFailed(order, `the staged log in ${log.staged} is gone`);
  }
  await remove(log.waiting);
  await remove(log.staged);
}
