import { withStateDir } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openQueue } from '../sources/queue.ts';
import type { Answer } from '../term/answer.ts';
import { queueAnswer } from '../view/queue.ts';

export function addQueueList(parent: Verb): void {
  const verb = parent.command('list');
  verb
    .description('List the copies that wait, why, and when each is tried again.')
    .example('What waits', 'holdfast queue list')
    .example('With ids, and where each is to go', 'holdfast queue list -o wide')
    .remark(
      'A save that was stored in one repository and not in another leaves a copy here. It survives restarts.',
    )
    .answers(list);
  withStateDir(verb);
}

async function list(session: Session): Promise<Answer> {
  return queueAnswer(await (await openQueue(session)).list());
}
