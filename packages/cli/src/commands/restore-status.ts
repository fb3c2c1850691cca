import { withStateDir } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { operationAnswer, operationsAnswer } from '../view/operation.ts';
import { commandsAgain } from './restore-again.ts';
import { restoreArgument, restoreAt } from './restore-which.ts';

export function addRestoreStatus(parent: Verb): void {
  const verb = parent.command('status');
  verb
    .description('Where restores stand, newest first; of one every step, and what to do next.')
    .addArgument(restoreArgument('[restore]'))
    .example('All of them', 'holdfast restore status')
    .example('The newest, step by step', 'holdfast restore status latest')
    .answers(async (session, _options, word?: string) => status(session, verb, word));
  withStateDir(verb);
}

async function status(session: Session, verb: Verb, word: string | undefined): Promise<Answer> {
  const commandFor = commandsAgain(session, verb);
  if (word !== undefined) return operationAnswer(await restoreAt(session, word), commandFor);
  const { listRestores } = await import('@holdfast/engine');
  const all = await listRestores(session.settings.stateDir, ({ message, why }) =>
    session.warn(`${message}: ${why}`),
  );
  return operationsAnswer(all, commandFor);
}
