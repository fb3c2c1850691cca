import { Failure } from '@holdfast/base';
import type { QueueRun, UnreadableCopy } from '@holdfast/engine';
import { withKeys, withS3, withStateDir } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openQueue } from '../sources/queue.ts';
import { addressOf, openNamed } from '../sources/repository.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { queueItem, runText, unreadableItem } from '../view/queue.ts';

interface RunOptions {
  readonly wait?: true;
  readonly now?: true;
}

export function addQueueRun(parent: Verb): void {
  const verb = parent.command('run');
  verb
    .description('Make the copies that are due.')
    .argument('[copy...]', 'only these, due or not: their ids')
    .option('--now', 'all that wait, due or not')
    .option('--wait', 'stay until no copy waits')
    .example('From a timer', 'holdfast queue run')
    .example('Until all is copied', 'holdfast queue run --wait')
    .example('At once, after what was wrong is mended', 'holdfast queue run --now')
    .remark(
      'A copy is made from any repository that has the snapshot. One that fails is tried again after half a minute, and later each time, up to an hour. Several of these commands may run at once. Exit 3: copies still wait (of those that are named, where some are), or a record of the queue cannot be read.',
    )
    .answers(run);
  withKeys(withS3(withStateDir(verb)));
}

async function run(session: Session, { wait, now }: RunOptions, ...named: string[]): Promise<Answer> {
  const { runQueue } = await import('@holdfast/engine');
  const queue = await openQueue(session);
  const only = named.flat();
  const runs = await runQueue(session.context, queue, {
    open: (name) => openNamed(session, name),
    at: (name) => addressOf(session, name),
    ...(only.length > 0 && { only }),
    early: now === true,
    wait: wait === true,
    onRun: ({ item, failure }) => {
      if (failure !== null)
        session.warn(`${item.snapshot} to ${item.to}: ${failure.message}: ${failure.why}`);
    },
  });
  const { items, unreadable } = await queue.list();
  const waiting = items.filter(({ id }) => only.length === 0 || only.includes(id));
  return runAnswer(runs, waiting.length, unreadable);
}

function runAnswer(
  runs: readonly QueueRun[],
  waiting: number,
  unreadable: readonly UnreadableCopy[],
): Answer {
  const made = runs.filter(({ outcome }) => outcome === 'copied' || outcome === 'there');
  const failures = runs.flatMap(({ item, failure }) =>
    failure === null ? [] : [`${item.snapshot} to ${item.to}: ${failure.why}`],
  );
  const whyWaiting =
    failures.length > 0 ? failures.join('; ') : 'they are not due yet, or another process works on them';
  const damaged = unreadable.map(({ path, failure }) => `${path}: ${failure.why}`);
  const why = [whyWaiting, ...damaged].join('; ');
  const failure =
    waiting > 0 ? new Failure('copies-waiting', why, { waiting }) : (unreadable[0]?.failure ?? null);
  return {
    json: {
      apiVersion,
      kind: 'QueueRun',
      items: runs.map(({ item, outcome, notes }) => ({ ...queueItem(item), outcome, notes })),
      waiting,
      unreadable: unreadable.map(unreadableItem),
    },
    names: made.map(({ item }) => item.snapshot),
    text: (view) => runText(runs, waiting, view),
    ...(failure !== null && { failure }),
  };
}
