import type { EtcdNode } from './etcd-node.ts';
import type { Fleet } from './fleet.ts';
import { until } from './until.ts';

/** Has the agent of a node tell what is on it by now. */
export async function describeAnew(fleet: Fleet, node: EtcdNode): Promise<void> {
  node.describe(fleet.founding);
  await fleet.restartAgent(node);
  const wanted = [node.member, ...node.components.map(({ name }) => name)].toSorted().join(', ');
  await until(`${node.name} is known to have ${wanted}`, async () => {
    const { items } = await fleet.client.call('listNodes', { params: { cluster: fleet.cluster } });
    const { members = [], components = [] } = items.find(({ name }) => name === node.name)?.inventory ?? {};
    const told = [...members.map(({ description }) => description), ...components].map(({ name }) => name);
    return told.toSorted().join(', ') === wanted;
  });
}
