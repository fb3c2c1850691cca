import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { clusterNamed } from '../remote/clusters.ts';
import { withFleet } from '../remote/connection.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { confirmCluster, type ConfirmOptions } from './restore-confirm.ts';
import { withConfirm } from './restore-options.ts';

export function addClusterRemove(parent: Verb): void {
  const verb = parent.command('remove');
  verb
    .description('Have a server forget a cluster, with its nodes, policies and operations.')
    .argument('<cluster>', 'its name or id')
    .example('With a question', 'holdfast cluster remove test')
    .example('In a script', 'holdfast cluster remove test --confirm test')
    .remark(
      'Its snapshots stay in their repositories: a cluster that is added under the same name has them again. Its agents are not let in any more, and can be stopped.',
    )
    .answers(remove);
  withServer(withConfirm(verb));
}

async function remove(session: Session, options: ConfirmOptions, word: string): Promise<Answer> {
  return await withFleet(session, async (fleet) => {
    const { id, name, status } = await clusterNamed(fleet, word);
    const what = `The server forgets cluster ${name}: its ${status.nodes.total} nodes, its policies, its operations. Its snapshots stay.`;
    await confirmCluster(session, options, what, name);
    await fleet.client.call('deleteCluster', { params: { cluster: id }, query: { confirm: name } });
    return {
      json: { apiVersion, kind: 'ClusterRemove', id, name },
      names: [name],
      text: () => `Removed ${name} from ${fleet.url}\n`,
    };
  });
}
