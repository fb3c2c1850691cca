import { Failure } from '@holdfast/base';
import { filePlaces } from '../configuration/file-places.ts';
import type { Places } from '../places.ts';
import { memberPlace } from './bar.ts';
import { readClaim } from './claim.ts';
import { move, remove, stands } from '../on-disk.ts';
import type { Act } from './step.ts';

/**
 * Removes what a finished or undone restore has kept: the only act that deletes old data. The name of a former member
 * stays barred.
 *
 * @returns the paths that are gone
 * @throws Failure restore-state while the restore is at work; node-failed when the kept data is all there is
 */
export async function release(act: Act): Promise<readonly string[]> {
  const { order, places } = act;
  const { id } = order.plan;
  if ((await readClaim(places.claim))?.id === id) {
    throw new Failure('restore-state', `it still holds ${places.claim}`, { id });
  }
  const released: string[] = await releaseConfiguration(act);
  for (const path of keptBy(places)) {
    const leaving = `${path}.released`;
    if (await stands(path)) {
      await refuseLast(act, path);
      await remove(leaving);
      // A name that nobody puts back, before it is only half there.
      await move(path, leaving);
    }
    if (await remove(leaving)) released.push(path);
  }
  return released;
}

/** The old configuration of this machine, whichever part of it had it changed: its names are of this restore alone. */
async function releaseConfiguration({ order: { plan } }: Act): Promise<string[]> {
  const released: string[] = [];
  for (const { path, applies } of plan.changes ?? []) {
    if (!applies || path === null) continue;
    const { kept, made } = filePlaces(plan, path);
    if (await remove(kept)) released.push(kept);
    await remove(made);
  }
  return released;
}

function keptBy({ kept, undone, log }: Places): string[] {
  return [kept, undone, ...(log === undefined ? [] : [log.kept, log.undone])];
}

/** A member without data beside it has lost it since: what is kept may be the last there is. */
async function refuseLast(act: Act, path: string): Promise<void> {
  const { order, places } = act;
  if (order.member.role !== 'member' || (await memberPlace(act)) === 'taken') return;
  const why = `there is no ${places.member}, so ${path} may be the last data of this member`;
  throw new Failure('node-failed', why, { step: 'release', member: order.member.name });
}
