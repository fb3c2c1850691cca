import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import { operationAnswerOf, operationAt } from '../remote/operations.ts';
import { operationArgument } from './operation-argument.ts';

export function addOperationCancel(parent: Verb): void {
  const verb = parent.command('cancel');
  verb
    .description('Give up an operation that waits, or that can be stopped. A restore is aborted instead.')
    .addArgument(operationArgument())
    .option('--reason <text>', 'why, for those who come later', '')
    .example('One that nobody wants any more', "holdfast operation cancel op-7f3kq --reason 'not needed'")
    .answers(async (session, { reason }: { readonly reason: string }, id) =>
      withFleet(session, async (fleet) => {
        await operationAt(fleet, id);
        const params = { operation: id };
        const changed = await fleet.client.call('cancelOperation', { params, body: { reason } });
        return await operationAnswerOf(fleet, changed, false);
      }),
    );
  withServer(verb);
}
