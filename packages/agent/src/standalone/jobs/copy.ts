import { limits } from '@holdfast/base';
import { runQueue, type QueueRun } from '@holdfast/engine';
import type { JobPorts } from '../ports.ts';
import type { Waiting } from '../work.ts';
import { contextOf } from './context.ts';

/**
 * Makes copies that wait: a few that are due, and as many of those for repositories that were just reached. What fails
 * waits longer.
 *
 * @param onRun told of each copy that was tried
 * @returns the repositories that something was copied into
 * @throws Failure file-unreadable, file-unwritable, disk-full for the queue itself; the signal's reason
 */
export async function copy(
  ports: JobPorts,
  reached: readonly string[],
  { signal, onRun }: { readonly signal: AbortSignal; readonly onRun: (run: QueueRun) => void },
): Promise<string[]> {
  const { queue } = ports;
  const options = {
    open: (name: string) => ports.open(name, signal),
    at: (name: string) => ports.at(name),
    atMost: limits.queueCopiesAfterSave,
    onRun,
  };
  const runs = await runQueue(contextOf(ports, signal), queue, options);
  const waiting = (await queue.list()).items.filter(({ to }) => reached.includes(to)).map(({ id }) => id);
  if (waiting.length > 0)
    runs.push(...(await runQueue(contextOf(ports, signal), queue, { ...options, only: waiting })));
  const made = runs.filter(({ outcome }) => outcome === 'copied' || outcome === 'there');
  return [...new Set(made.map(({ item }) => item.to))];
}

/** What waits, and when the first of it is due. @throws file-unreadable */
export async function waiting({ queue }: JobPorts): Promise<Waiting> {
  const { items, unreadable } = await queue.list();
  return {
    length: items.length + unreadable.length,
    oldestAt: items[0]?.createdAt ?? null,
    nextAt: items.map(({ nextAt }) => nextAt).toSorted()[0] ?? null,
  };
}
