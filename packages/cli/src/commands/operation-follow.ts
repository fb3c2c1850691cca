import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import { followed } from '../remote/follow.ts';
import { operationAnswerOf, operationAt } from '../remote/operations.ts';
import { followRestore } from '../remote/restore-follow.ts';
import { operationArgument } from './operation-argument.ts';

export function addOperationFollow(parent: Verb): void {
  const verb = parent.command('follow');
  verb
    .description('Follow an operation until it is over. Its end decides the exit status.')
    .addArgument(operationArgument())
    .example('A restore that somebody else has begun', 'holdfast operation follow op-7f3kq')
    .remark('Ctrl-C ends the following; the operation goes on.')
    .answers(async (session, _options, id) =>
      withFleet(session, async (fleet) => {
        const operation = await operationAt(fleet, id);
        if (operation.kind === 'restore') return await followRestore(fleet, verb, operation);
        return await operationAnswerOf(fleet, await followed(fleet, operation), true);
      }),
    );
  withServer(verb);
}
