import type { Verb } from '../program/verb.ts';
import { addDrillList } from './drill-list.ts';
import { addDrillRun } from './drill-run.ts';

export function addDrill(parent: Verb): void {
  const drill = parent.command('drill');
  drill.description('Try restores with a throw-away etcd, and measure the time to recover.');
  addDrillRun(drill);
  addDrillList(drill);
}
