import type { EtcdCluster } from '@holdfast/test-servers';
import { clusterState, type ClusterState } from './cluster-state.ts';

/** A moment in the life of a restored cluster, and what was seen of it then. */
export interface Seen {
  readonly when: string;
  readonly state: ClusterState;
}

/**
 * Lives the same life with any cluster, and looks at each turn: it comes up, takes writes, is restarted as a whole,
 * compacted, defragmented, and takes writes again. Two clusters restored from one snapshot must show the same.
 */
export async function liveAfterRestore(cluster: EtcdCluster): Promise<Seen[]> {
  const seen: Seen[] = [];
  const look = async (when: string): Promise<void> => {
    await cluster.waitHealthy();
    seen.push({ when, state: await clusterState(cluster) });
  };
  const write = async (text: string): Promise<number> => {
    const gateway = cluster.gateway();
    await gateway.put('/after/one', text);
    const lease = BigInt(7_000 + seen.length);
    await gateway.leaseGrant(3_600, lease);
    await gateway.put('/after/leased', text, lease);
    await gateway.txn([{ put: '/after/two', value: text }, { delete: '/after/one' }]);
    return (await gateway.put('/after/large', text.repeat(100_000))).revision;
  };
  await look('started');
  const revision = await write('first');
  await look('written');
  for (const i of cluster.members.keys()) await cluster.stop(i);
  await Promise.all(cluster.members.map(async (_, i) => cluster.start(i)));
  await look('restarted');
  await cluster.gateway().compact(revision);
  await look('compacted');
  for (const i of cluster.members.keys()) await cluster.gateway(i).defragment();
  await look('defragmented');
  await write('again');
  await look('written again');
  return seen;
}
