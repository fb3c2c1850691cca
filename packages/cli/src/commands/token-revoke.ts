import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import { apiVersion } from '../term/answer.ts';

export function addTokenRevoke(parent: Verb): void {
  const verb = parent.command('revoke');
  verb
    .description('End a token of yours at once.')
    .argument('<token>', 'its id, as `holdfast token list` shows it')
    .example('One that a script has lost', 'holdfast token revoke t-7f3kqx2m')
    .answers(async (session, _options, id) =>
      withFleet(session, async ({ client, url }) => {
        await client.call('deleteToken', { params: { token: id } });
        return {
          json: { apiVersion, kind: 'TokenRevoke', id },
          names: [id],
          text: () => `Token ${id} has ended at ${url}\n`,
        };
      }),
    );
  withServer(verb);
}
