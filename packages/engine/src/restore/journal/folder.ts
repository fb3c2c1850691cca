import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import { restoreIdPattern, RestoreReport, type RestorePlan } from '@holdfast/model';
import { isSystemError, makeFolder, reading, readTextFile, writing } from '@holdfast/repository';
import { readPlan } from '../plan/index.ts';
import { writeDurably } from '../../durable-file.ts';

/** Where the records of one restore are, `<stateDir>/restores/<id>/`: for the user who leads it only. */
export interface RestoreFolder {
  readonly id: string;
  readonly path: string;
  readonly plan: string;
  readonly journal: string;
  readonly report: string;
}

/** @throws restore-missing when it cannot be the id of a restore */
export function restoreFolder(stateDir: string, id: string): RestoreFolder {
  if (!restoreIdPattern.test(id))
    throw new Failure('restore-missing', 'this is not the id of a restore', { id });
  const path = join(stateDir, 'restores', id);
  return {
    id,
    path,
    plan: join(path, 'plan.json'),
    journal: join(path, 'journal.log'),
    report: join(path, 'report.json'),
  };
}

/** The folders in which a restore was begun, the newest first. */
export async function restoreFolders(stateDir: string): Promise<RestoreFolder[]> {
  const path = join(stateDir, 'restores');
  const names = await reading(path, async () => {
    try {
      return await readdir(path);
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return [];
      throw error;
    }
  });
  const all = names
    .filter((name) => restoreIdPattern.test(name))
    .sort()
    .toReversed();
  const folders = all.map((id) => restoreFolder(stateDir, id));
  const begun = await Promise.all(folders.map((folder) => isBegun(folder)));
  return folders.filter((_, i) => begun[i]);
}

/** Makes the folder of a restore, empty. */
export async function makeRestoreFolder(folder: RestoreFolder): Promise<void> {
  await writing(folder.path, () => makeFolder(folder.path));
}

/** Whether there is a plan: without one nothing was done. */
export async function isBegun(folder: RestoreFolder): Promise<boolean> {
  return (await readTextFile(folder.plan)) !== undefined;
}

/** Stores the plan, which is what makes the restore exist. */
export async function storePlan(folder: RestoreFolder, plan: RestorePlan): Promise<void> {
  await writeDurably(folder.plan, `${JSON.stringify(plan, null, 2)}\n`);
}

/** @throws restore-missing; journal-damaged when the plan is not the one that was stored; file-unreadable */
export async function storedPlan(folder: RestoreFolder): Promise<RestorePlan> {
  const { id, plan: path } = folder;
  const text = await readTextFile(path);
  if (text === undefined) throw new Failure('restore-missing', `there is no ${path}`, { id });
  const damaged = (why: string, cause?: unknown): Failure =>
    new Failure('journal-damaged', why, { path, id }, { cause });
  const plan = readStored(text, damaged);
  if (plan.id !== id) throw damaged('the plan is that of another restore');
  return plan;
}

function readStored(text: string, damaged: (why: string, cause?: unknown) => Failure): RestorePlan {
  try {
    return readPlan(text);
  } catch (error) {
    throw isFailure(error) ? damaged(error.why, error) : error;
  }
}

export async function storeReport(folder: RestoreFolder, report: RestoreReport): Promise<void> {
  await writeDurably(folder.report, `${JSON.stringify(report, null, 2)}\n`);
}

/** Undefined when there is none, or none that can be read: it can be made again from the journal. */
export async function storedReport(folder: RestoreFolder): Promise<RestoreReport | undefined> {
  const text = await readTextFile(folder.report);
  return text === undefined ? undefined : RestoreReport.safeParse(jsonOf(text)).data;
}

/** Undefined when it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
