import { withStateDir } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openQueue } from '../sources/queue.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { confirm } from '../term/confirm.ts';

interface DropOptions {
  readonly yes?: true;
}

export function addQueueDrop(parent: Verb): void {
  const verb = parent.command('drop');
  verb
    .description('Give up copies that wait: they are not made.')
    .argument('<copy...>', 'their ids, as `queue list -o wide` shows them')
    .option('--yes', 'do not ask; for scripts')
    .example('With a question', 'holdfast queue drop 0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a001')
    .example('All of them', 'holdfast queue drop --yes $(holdfast queue list -q)')
    .remark(
      'Nothing is removed from any repository: a copy on this machine that was to go afterwards stays too. A record that cannot be read is named by its file, without .json.',
    )
    .answers(drop);
  withStateDir(verb);
}

async function drop(session: Session, { yes }: DropOptions, ...named: string[]): Promise<Answer> {
  const ids = [...new Set(named.flat())];
  const queue = await openQueue(session);
  if (yes !== true) {
    const { items } = await queue.list();
    const lines = ids.map((id) => {
      const item = items.find((each) => each.id === id);
      return item === undefined ? `  ${id}` : `  ${item.snapshot} of ${item.cluster} to ${item.to}`;
    });
    await confirm(session.io, `These copies will not be made:\n${lines.join('\n')}`, 'drop');
  }
  for (const id of ids) await queue.drop(id);
  return {
    json: { apiVersion, kind: 'QueueDrop', dropped: ids },
    names: ids,
    text: () => ids.map((id) => `Gave up ${id}\n`).join(''),
  };
}
