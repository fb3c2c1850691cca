import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { userNamed } from '../remote/people.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { confirm } from '../term/confirm.ts';

interface RemoveOptions {
  readonly yes?: true;
}

export function addUserRemove(parent: Verb): void {
  const verb = parent.command('remove');
  verb
    .description('Remove a user with their tokens. What they did stays in the audit log.')
    .argument('<user>', 'their name or id')
    .option('--yes', 'do not ask; for scripts')
    .example('With a question', 'holdfast user remove ann')
    .answers(async (session, options: RemoveOptions, word) =>
      withFleet(session, (fleet) => remove(fleet, options, word)),
    );
  withServer(verb);
}

async function remove(fleet: Fleet, { yes }: RemoveOptions, word: string): Promise<Answer> {
  const { client, session, url } = fleet;
  const { id, name } = await userNamed(fleet, word);
  if (yes !== true) await confirm(session.io, `User ${name} is let in no more, nor are their tokens.`, name);
  await client.call('deleteUser', { params: { user: id } });
  return {
    json: { apiVersion, kind: 'UserRemove', id, name },
    names: [name],
    text: () => `Removed ${name} from ${url}\n`,
  };
}
