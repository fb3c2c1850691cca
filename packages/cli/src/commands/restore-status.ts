import { withStateDir } from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { operationAnswer, operationsAnswer, type Operation } from '../view/operation.ts';
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
  overServer(verb, {}, async (session, _options, word) => {
    const { restoreStatus } = await import('../remote/restores.ts');
    return withFleet(session, (fleet) => restoreStatus(fleet, word));
  });
}

async function status(session: Session, verb: Verb, word: string | undefined): Promise<Answer> {
  if (word !== undefined) {
    const one = await restoreAt(session, word);
    return operationAnswer(
      one,
      commandsAgain(session, verb, () => one.records),
    );
  }
  const { laterRestore, listRestores } = await import('@holdfast/engine');
  const all = await listRestores(session.settings.stateDir, ({ message, why }) =>
    session.warn(`${message}: ${why}`),
  );
  const journalOf = (id: string): Operation['records'] =>
    all.find(({ plan }) => plan.id === id)?.records ?? [];
  const operations = all.map((each): Operation => {
    const later = laterRestore(all, each.plan);
    return later === undefined ? each : { ...each, later: later.plan.id };
  });
  return operationsAnswer(operations, commandsAgain(session, verb, journalOf));
}
