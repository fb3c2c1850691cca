import type { Verb } from '../program/verb.ts';
import { addCompanions } from './snapshot-companions.ts';
import { addCopy } from './snapshot-copy.ts';
import { addDelete } from './snapshot-delete.ts';
import { addExport } from './snapshot-export.ts';
import { addImport } from './snapshot-import.ts';
import { addList } from './snapshot-list.ts';
import { addPin, addUnpin } from './snapshot-pin.ts';
import { addPrune } from './snapshot-prune.ts';
import { addSnapshotRestore } from './snapshot-restore.ts';
import { addSave } from './snapshot-save.ts';
import { addShow } from './snapshot-show.ts';
import { addVerify } from './snapshot-verify.ts';

export function addSnapshot(parent: Verb): void {
  const snapshot = parent.command('snapshot');
  snapshot.description('Save, prove and keep snapshots of etcd.');
  addSave(snapshot);
  addList(snapshot);
  addShow(snapshot);
  addVerify(snapshot);
  addPin(snapshot);
  addUnpin(snapshot);
  addDelete(snapshot);
  addPrune(snapshot);
  addExport(snapshot);
  addCopy(snapshot);
  addImport(snapshot);
  addCompanions(snapshot);
  addSnapshotRestore(snapshot);
}
