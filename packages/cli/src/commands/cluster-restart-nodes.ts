import { randomUUID } from 'node:crypto';
import { Option } from 'commander';
import { onceMore, withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { clusterNamed } from '../remote/clusters.ts';
import { withFleet } from '../remote/connection.ts';
import { followed } from '../remote/follow.ts';
import { nodesNamed } from '../remote/nodes.ts';
import { operationAnswerOf } from '../remote/operations.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';

interface RestartOptions {
  readonly node?: readonly string[];
}

export function addClusterRestartNodes(parent: Verb): void {
  const verb = parent.command('restart-nodes');
  verb
    .description('Restart what runs Kubernetes on the nodes of a cluster, one after the other.')
    .argument('<cluster>', 'its name or id')
    .addOption(
      new Option('--node <node>', 'this one alone, by name or id; may be repeated').argParser(onceMore),
    )
    .example('All of them, as after a restore', 'holdfast cluster restart-nodes prod')
    .example('Those that were not reached', 'holdfast cluster restart-nodes prod --node w3 --node w4')
    .remark(
      'Kubelets, K3s, RKE2, and the containers kubelet and kube-proxy of RKE, as the agents find them. Nodes with etcd or a control plane come first. The next node is begun once the one before is ready again; the first that does not come back ends it. Units of servers of K3s and RKE2 run etcd and the control plane too, which are away meanwhile. It follows each restore by itself.',
    )
    .remark('Ctrl-C ends the following; the operation goes on.')
    .answers(restart);
  withServer(verb);
}

async function restart(session: Session, { node }: RestartOptions, word: string): Promise<Answer> {
  return await withFleet(session, async (fleet) => {
    const cluster = await clusterNamed(fleet, word);
    const nodes = node && (await nodesNamed(fleet, cluster.id, node));
    const begun = await fleet.client.call('restartNodes', {
      params: { cluster: cluster.id },
      body: nodes === undefined ? {} : { nodes: nodes.map(({ id }) => id) },
      idempotencyKey: randomUUID(),
    });
    return await operationAnswerOf(fleet, await followed(fleet, begun), true);
  });
}
