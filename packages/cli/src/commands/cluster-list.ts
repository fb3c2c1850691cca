import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import { fleetClustersAnswer } from '../view/fleet-cluster.ts';

export function addClusterList(parent: Verb): void {
  const verb = parent.command('list');
  verb
    .description('List the clusters of a server that you may see.')
    .example('All of them', 'holdfast cluster list --server https://holdfast.example:9443')
    .answers(async (session) =>
      withFleet(session, async ({ client }) =>
        fleetClustersAnswer(await Array.fromAsync(client.pages('listClusters'))),
      ),
    );
  withServer(verb);
}
