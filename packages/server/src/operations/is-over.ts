import type { OperationState } from '@holdfast/model/fleet';

/** Whether an operation has ended: it goes on by itself no more, and a person may only take a restore back. */
export function isOver(state: OperationState): boolean {
  return state !== 'waiting' && state !== 'running' && state !== 'stuck';
}
