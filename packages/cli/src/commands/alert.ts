import type { Verb } from '../program/verb.ts';
import { addAlertList } from './alert-list.ts';

export function addAlert(parent: Verb): void {
  const alert = parent.command('alert');
  alert.description('What a server finds wrong with its clusters.');
  addAlertList(alert);
}
