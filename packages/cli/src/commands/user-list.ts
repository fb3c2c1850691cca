import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { clusterNames } from '../remote/clusters.ts';
import { withFleet } from '../remote/connection.ts';
import { usersAnswer } from '../view/fleet-people.ts';

export function addUserList(parent: Verb): void {
  const verb = parent.command('list');
  verb
    .description('List the users of a server, and what they may do.')
    .example('All of them', 'holdfast user list --server https://holdfast.example:9443')
    .answers(async (session) =>
      withFleet(session, async (fleet) =>
        usersAnswer(await Array.fromAsync(fleet.client.pages('listUsers')), await clusterNames(fleet)),
      ),
    );
  withServer(verb);
}
