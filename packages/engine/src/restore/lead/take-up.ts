import { hostname } from 'node:os';
import { Failure } from '@holdfast/base';
import type { RestorePlan, RestoreReport } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import {
  holdRestore,
  isBegun,
  Journal,
  makeRestoreFolder,
  restoreFolder,
  storedPlan,
  storePlan,
  storeReport,
  type RestoreFolder,
} from '../journal/index.ts';
import { thisUser } from '../this-user.ts';
import type { HeldRestore, LeadOptions } from './leader.ts';
import { nextOrder } from './read.ts';
import { restoreReport } from './report.ts';

type HoldOptions = Pick<LeadOptions, 'stateDir' | 'onRecord'>;

/**
 * Begins a restore: its plan is on the disk before anything is done.
 *
 * @throws restore-state when it was begun before, restore-running
 */
export async function begin<T>(
  context: VerbContext,
  options: HoldOptions,
  plan: RestorePlan,
  use: (held: HeldRestore) => Promise<T>,
): Promise<T> {
  const folder = restoreFolder(options.stateDir, plan.id);
  await makeRestoreFolder(folder);
  return hold(context, options, folder, use, async () => {
    if (await isBegun(folder)) {
      const why = `a plan is carried out once, and this one was begun already: ${folder.path}`;
      throw new Failure('restore-state', why, { id: plan.id });
    }
    await storePlan(folder, plan);
    return plan;
  });
}

/**
 * Takes a restore up where its journal ends, for this process alone.
 *
 * @throws restore-missing, restore-running, journal-damaged
 */
export async function takeUp<T>(
  context: VerbContext,
  options: HoldOptions & { readonly id: string },
  use: (held: HeldRestore) => Promise<T>,
): Promise<T> {
  const folder = restoreFolder(options.stateDir, options.id);
  const plan = await storedPlan(folder);
  return hold(context, options, folder, use, () => Promise.resolve(plan));
}

async function hold<T>(
  context: VerbContext,
  options: HoldOptions,
  folder: RestoreFolder,
  use: (held: HeldRestore) => Promise<T>,
  planOf: () => Promise<RestorePlan>,
): Promise<T> {
  const letGo = await holdRestore(folder.path, folder.id);
  const acting = new Set<Promise<unknown>>();
  try {
    const plan = await planOf();
    const journal = await Journal.open(folder.journal, plan.id, context.clock, options.onRecord);
    try {
      return await use({ folder, plan, journal, acting });
    } finally {
      await journal.close();
    }
  } finally {
    if (acting.size === 0) await letGo();
    else void letGoAfter(acting, letGo);
  }
}

/** Whoever takes the restore up next would act beside what still acts. When this process ends first, its lock ends too. */
async function letGoAfter(acting: Iterable<Promise<unknown>>, letGo: () => Promise<void>): Promise<void> {
  await Promise.allSettled(acting);
  // A lock that cannot be removed ends with this process as well.
  await letGo().catch(() => {});
}

/** Notes that this process goes on with the restore. */
export async function noteTaken(
  { journal, plan }: HeldRestore,
  {
    stateDir,
    by = thisUser(),
    flags,
    attest = [],
  }: Pick<LeadOptions, 'stateDir' | 'by' | 'flags' | 'attest'>,
): Promise<void> {
  if (journal.records.length === 0) {
    const order = await nextOrder(stateDir);
    await journal.append('opened', { evidence: { plan: plan.hash, order } });
  }
  await journal.append('taken', {
    evidence: {
      by,
      pid: process.pid,
      host: hostname(),
      ...(flags && { flags }),
      ...(attest.length > 0 && { attest }),
    },
  });
}

/** Stores the report of a restore that is over. */
export async function report({ plan, journal, folder }: HeldRestore): Promise<RestoreReport> {
  const made = restoreReport(plan, journal.records);
  await storeReport(folder, made);
  return made;
}
