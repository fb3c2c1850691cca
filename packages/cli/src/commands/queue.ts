import type { Verb } from '../program/verb.ts';
import { addQueueDrop } from './queue-drop.ts';
import { addQueueList } from './queue-list.ts';
import { addQueueRun } from './queue-run.ts';

export function addQueue(parent: Verb): void {
  const queue = parent.command('queue');
  queue.description('Copies of snapshots that wait until their repository can be written to.');
  addQueueList(queue);
  addQueueRun(queue);
  addQueueDrop(queue);
}
