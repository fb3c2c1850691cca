import type { Verb } from '../program/verb.ts';
import { addOperationApprove } from './operation-approve.ts';
import { addOperationCancel } from './operation-cancel.ts';
import { addOperationFollow } from './operation-follow.ts';
import { addOperationList } from './operation-list.ts';
import { addOperationShow } from './operation-show.ts';

export function addOperation(parent: Verb): void {
  const operation = parent.command('operation');
  operation.description('What is done to the clusters of a server, and was.');
  addOperationList(operation);
  addOperationShow(operation);
  addOperationFollow(operation);
  addOperationApprove(operation);
  addOperationCancel(operation);
}
