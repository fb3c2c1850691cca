import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import { operationAnswerOf, operationAt } from '../remote/operations.ts';
import { operationArgument } from './operation-argument.ts';

export function addOperationShow(parent: Verb): void {
  const verb = parent.command('show');
  verb
    .description('Show how an operation stands, and what came of it.')
    .addArgument(operationArgument())
    .example('In full, for machines', 'holdfast operation show op-7f3kq -o json')
    .answers(async (session, _options, id) =>
      withFleet(session, async (fleet) => operationAnswerOf(fleet, await operationAt(fleet, id), false)),
    );
  withServer(verb);
}
