import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { clusterNames } from '../remote/clusters.ts';
import { withFleet } from '../remote/connection.ts';
import { tokensAnswer } from '../view/fleet-people.ts';

export function addTokenList(parent: Verb): void {
  const verb = parent.command('list');
  verb
    .description('List your tokens at a server, those of logins among them.')
    .example('All of them', 'holdfast token list --server https://holdfast.example:9443')
    .answers(async (session) =>
      withFleet(session, async (fleet) =>
        tokensAnswer(await Array.fromAsync(fleet.client.pages('listTokens')), await clusterNames(fleet)),
      ),
    );
  withServer(verb);
}
