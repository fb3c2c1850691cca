/**
 * Copies of snapshots that could not be made when they were wanted.
 *
 * - copy-queue: what waits, in the state directory.
 * - run-queue:  makes what is due.
 */
export {
  CopyQueue,
  type CopyOrder,
  type HeldCopy,
  type QueueListing,
  type QueueOptions,
  type UnreadableCopy,
} from './copy-queue.ts';
export { runQueue, type QueueRun, type RunQueueOptions } from './run-queue.ts';
