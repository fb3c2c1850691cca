import type { QueueListing, QueueRun, UnreadableCopy } from '@holdfast/engine';
import type { QueuedCopy } from '@holdfast/model';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { table } from '../term/table.ts';
import { ago, moment } from '../term/when.ts';

/** A copy that waits, as machines get it. */
export function queueItem(item: QueuedCopy) {
  const { apiVersion: _, kind: _kind, from, drop: _drop, ...told } = item;
  return { ...told, from: from.map(({ repository }) => repository) };
}

/** A record of the queue that cannot be read, as machines get it. */
export function unreadableItem({ path, failure }: UnreadableCopy) {
  return { path, code: failure.code, why: failure.why };
}

/** The queue; a failure (exit 3) when some of it cannot be read. */
export function queueAnswer({ items, unreadable }: QueueListing): Answer {
  const [first] = unreadable;
  return {
    json: {
      apiVersion,
      kind: 'Queue',
      items: items.map(queueItem),
      unreadable: unreadable.map(unreadableItem),
    },
    names: items.map(({ id }) => id),
    text: (view) => listText(items, view),
    ...(first && { failure: first.failure }),
  };
}

function listText(items: readonly QueuedCopy[], view: View): string {
  if (items.length === 0) return 'No copy waits.\n';
  const heads = ['SNAPSHOT', 'CLUSTER', 'TO', 'SINCE', 'ATTEMPTS', 'NEXT', 'WHY'];
  return table(
    view.wide ? ['ID', ...heads, 'WHERE'] : heads,
    items.map(({ id, snapshot, cluster, to, toAt, createdAt, attempts, nextAt, failure }) => [
      ...(view.wide ? [id] : []),
      snapshot,
      cluster,
      to,
      ago(createdAt, view.now),
      String(attempts),
      Date.parse(nextAt) <= view.now.getTime() ? 'due' : moment(nextAt, view.utc),
      failure?.why ?? '-',
      ...(view.wide ? [toAt ?? '-'] : []),
    ]),
  );
}

const words = {
  copied: 'copied',
  there: 'was there already',
  gone: 'is gone everywhere, so nothing was to be copied',
  failed: 'failed',
} as const;

/** What became of the copies that were tried. */
export function runText(runs: readonly QueueRun[], waiting: number, view: View): string {
  const lines = runs.map(({ item, outcome, failure, notes }) => {
    const tone = outcome === 'failed' ? 'bad' : 'good';
    const why = failure === null ? '' : `: ${failure.why}; next at ${moment(item.nextAt, view.utc)}`;
    const told = notes.map((note) => `  ${view.style('doubtful', '!')} ${note}\n`).join('');
    return `${item.snapshot} to ${item.to}: ${view.style(tone, words[outcome])}${why}\n${told}`;
  });
  const none = runs.length === 0 ? 'No copy was due.\n' : '';
  return `${lines.join('')}${none}${waiting === 0 ? '' : `${waiting} still waiting.\n`}`;
}
