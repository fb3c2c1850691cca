import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { clusterNamed } from '../remote/clusters.ts';
import { withFleet } from '../remote/connection.ts';
import { nodesNamed } from '../remote/nodes.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { confirmCluster, type ConfirmOptions } from './restore-confirm.ts';
import { withConfirm } from './restore-options.ts';

export function addClusterRemoveNode(parent: Verb): void {
  const verb = parent.command('remove-node');
  verb
    .description('Have a server forget a node of a cluster: one that is gone for good, or joined by mistake.')
    .argument('<cluster>', 'its name or id')
    .argument('<node>', 'its name or id')
    .example('With a question', 'holdfast cluster remove-node prod w3')
    .example('In a script', 'holdfast cluster remove-node prod w3 --confirm prod')
    .remark(
      'Nothing of the machine is touched, and no member is removed from its etcd. Its agent is not let in any more, unless it is given a new join token.',
    )
    .answers(remove);
  withServer(withConfirm(verb));
}

async function remove(
  session: Session,
  options: ConfirmOptions,
  word: string,
  nodeWord: string,
): Promise<Answer> {
  return await withFleet(session, async (fleet) => {
    const { id: clusterId, name: clusterName } = await clusterNamed(fleet, word);
    const [node] = await nodesNamed(fleet, clusterId, [nodeWord]);
    const { id, name } = node!;
    const what = `The server forgets node ${name} (${id}) of cluster ${clusterName}. Nothing of the machine is touched.`;
    await confirmCluster(session, options, what, clusterName);
    await fleet.client.call('deleteNode', { params: { node: id } });
    return {
      json: { apiVersion, kind: 'NodeRemove', id, name, cluster: clusterId },
      names: [name],
      text: () => `Removed ${name} (${id}) of ${clusterName} from ${fleet.url}\n`,
    };
  });
}
