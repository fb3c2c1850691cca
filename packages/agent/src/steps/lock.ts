import { chown, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import { whyElsewhere } from '../host/here.ts';
import { otherRun } from '../host/other-run.ts';
import { proveStarted } from '../host/proof.ts';
import { joins, notOfLog } from '../places.ts';
import { memberPlace } from './bar.ts';
import { claimText, foundIn, isOwn, readClaim, refuseOthers, type Claim, type Found } from './claim.ts';
import {
  makeFolder,
  makeFolderWith,
  missingFolders,
  namesIn,
  putNew,
  remove,
  stands,
  syncFolder,
} from '../on-disk.ts';
import { stepFailed, type Act, type NodeStep } from './step.ts';

/** Milliseconds in which an etcd that runs is seen to. */
const servesWithinMs = 3_000;

/** Claims the data directory. What was found is in the claim itself, so that a second run tells the same. */
export const lock: NodeStep = {
  async perform(act) {
    const { places, order } = act;
    const elsewhere = await whyElsewhere(order.member);
    if (elsewhere !== undefined) throw stepFailed(order, elsewhere);
    await refuseUnstartable(act);
    const own = async (): Promise<Claim | undefined> => {
      const claim = await readClaim(places.claim);
      if (claim !== undefined) refuseOthers(act, claim);
      return claim;
    };
    const found = foundIn((await own()) ?? (await claimAnew(act)) ?? (await own()) ?? {});
    await remove(places.part);
    await makeLogFolder(act, found);
    return { ...found };
  },

  async undo(act) {
    const { places } = act;
    await removeUnfinished(act);
    const claim = await readClaim(places.claim);
    if (claim === undefined || !isOwn(act, claim)) return { held: false };
    if ((await stands(places.kept)) || (await memberPlace(act)) === 'barred') {
      const why = `${places.kept} was not put back; move it to ${places.member} by hand, then go on`;
      throw stepFailed(act.order, why);
    }
    for (const folder of claim.madeLogFolders.toReversed()) await removeEmpty(folder);
    const top = await ownAlone(claim, basename(places.claim));
    if (top !== undefined) {
      // One rename takes the claim away together with the folders that were made for it.
      await rename(top, building(act, top));
      await syncFolder(dirname(top));
      await remove(building(act, top));
    } else {
      await unlink(places.claim);
      await syncFolder(places.dataDir);
    }
    return { held: false };
  },
};

/** An etcd whose program is not there, or whose unit is masked, would be missed when it is stopped already. */
async function refuseUnstartable({ order: { member }, driver, context }: Act): Promise<void> {
  const why = await driver.whyUnstartable(context.signal);
  if (why === undefined) return;
  throw new Failure('etcd-program-missing', why, { member: member.name });
}

/** Undefined when another claim came first. */
async function claimAnew(act: Act): Promise<Found | undefined> {
  const { places, driver, context } = act;
  for (const path of [places.kept, places.undone]) {
    if (await stands(path))
      throw stepFailed(act.order, `${path} stands: this very restore was carried out before`);
  }
  await checkLogFolder(act);
  // One that is only about to be started again, as it dies each time, is not what an undo should bring back.
  const { running, pid } = await driver.state(context.signal);
  const madeFolders = await missingFolders(places.dataDir);
  const missingOfLog = places.log === undefined ? [] : await missingFolders(places.log.dir);
  const wasRunning = running && pid !== undefined;
  const found: Found = {
    wasRunning,
    served: wasRunning && (await serves(act)),
    ...(await otherRun(act.order.member)),
    hadMember: await stands(places.member),
    madeDataDir: madeFolders.length > 0,
    madeFolders,
    madeLogFolders: missingOfLog.filter((folder) => !madeFolders.includes(folder)),
  };
  const text = claimText(act, found);
  const [top, ...below] = madeFolders;
  if (top !== undefined) {
    await makeFolderWith([top, ...below], basename(places.claim), text, (folder) => building(act, folder));
    return found;
  }
  return (await putNew(places.claim, text, 0o600, places.part)) ? found : undefined;
}

/** Looks for a moment only. */
async function serves({ hosted, driver, context: { signal, clock } }: Act): Promise<boolean> {
  try {
    await proveStarted(hosted, driver, signal, clock, servesWithinMs);
    return true;
  } catch (error) {
    if (signal.aborted || !isFailure(error, 'etcd-not-started')) throw error;
    return false;
  }
}

/** Under which name a folder is made or taken away. */
function building({ order }: Act, folder: string): string {
  return `${folder}.holdfast-${order.plan.id}`;
}

/**
 * What lies in the folder of a log is put aside with it, so nothing else may lie there. An etcd that joins begins its log by
 * removing the folder, so nothing of another restore may, either.
 */
async function checkLogFolder({ order, places: { log } }: Act): Promise<void> {
  if (log === undefined || !(await stands(log.dir))) return;
  const foreign = (await namesIn(log.dir)).find(
    (name) => !notOfLog(name) && !/\.(?:wal|tmp|broken)$/.test(name),
  );
  if (foreign !== undefined) {
    throw stepFailed(
      order,
      `${log.dir} holds ${foreign}, which is no file of a log: a restore would put it aside`,
    );
  }
  if (!joins(order.plan, order.member)) return;
  const [beside, inside] = [await stat(dirname(log.dir)), await stat(log.dir)];
  if (beside.dev !== inside.dev) {
    throw stepFailed(
      order,
      `${log.dir} is a mount point, and an etcd that joins cannot begin its log in one`,
    );
  }
  const other = (await namesIn(log.dir)).find((name) => name !== 'lost+found' && notOfLog(name));
  if (other !== undefined) {
    const why = `${log.dir} holds ${other} of an earlier restore, which the new etcd would remove: release that first`;
    throw stepFailed(order, why);
  }
}

async function makeLogFolder({ places: { log, dataDir } }: Act, { madeLogFolders }: Found): Promise<void> {
  if (log === undefined || madeLogFolders.length === 0 || (await stands(log.dir))) return;
  await makeFolder(log.dir);
  const { uid, gid } = await stat(dataDir);
  if (process.geteuid?.() === 0) await chown(log.dir, uid, gid);
}

/** The topmost of the folders that were made in which nothing but the claim has come to lie. */
async function ownAlone({ madeFolders }: Claim, claimName: string): Promise<string | undefined> {
  let alone: string | undefined;
  let name = claimName;
  for (const folder of madeFolders.toReversed()) {
    const names = await namesIn(folder);
    if (names.length !== 1 || names[0] !== name) break;
    alone = folder;
    name = basename(folder);
  }
  return alone;
}

/** What an interrupted run of this step has left. */
async function removeUnfinished(act: Act): Promise<void> {
  const { part, dataDir } = act.places;
  await remove(part);
  for (let folder = dataDir; dirname(folder) !== folder; folder = dirname(folder)) {
    await remove(building(act, folder));
  }
}

async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error;
  }
}
