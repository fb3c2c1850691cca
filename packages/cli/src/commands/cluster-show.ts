import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { clusterNamed } from '../remote/clusters.ts';
import { withFleet } from '../remote/connection.ts';
import { fleetClusterAnswer } from '../view/fleet-cluster.ts';

export function addClusterShow(parent: Verb): void {
  const verb = parent.command('show');
  verb
    .description('Show a cluster of a server: how it is, its newest verified snapshot, and its nodes.')
    .argument('<cluster>', 'its name or id')
    .example('With its nodes', 'holdfast cluster show prod')
    .answers(async (session, _options, name) =>
      withFleet(session, async (fleet) => {
        const cluster = await clusterNamed(fleet, name);
        const params = { cluster: cluster.id };
        const nodes = await Array.fromAsync(fleet.client.pages('listNodes', { params }));
        return fleetClusterAnswer(cluster, nodes);
      }),
    );
  withServer(verb);
}
