import type { Verb } from '../program/verb.ts';
import { addAbort } from './restore-abort.ts';
import { addRestoreDatadir } from './restore-datadir.ts';
import { addDiscover } from './restore-discover.ts';
import { addPlan } from './restore-plan.ts';
import { addRelease } from './restore-release.ts';
import { addResume } from './restore-resume.ts';
import { addRollback } from './restore-rollback.ts';
import { addRun } from './restore-run.ts';
import { addRestoreStatus } from './restore-status.ts';

export function addRestore(parent: Verb): void {
  const restore = parent.command('restore');
  restore.description('Bring a cluster back: from what survives, or from a snapshot.');
  addDiscover(restore);
  addPlan(restore);
  addRun(restore);
  addRestoreStatus(restore);
  addResume(restore);
  addAbort(restore);
  addRollback(restore);
  addRelease(restore);
  addRestoreDatadir(restore);
}
