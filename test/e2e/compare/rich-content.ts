import type { EtcdCluster } from '@holdfast/test-servers';

/** A bit of all that a snapshot may hold. */
export async function fillRichly(cluster: EtcdCluster): Promise<void> {
  const gateway = cluster.gateway();
  await gateway.leaseGrant(36_000, 42n);
  await gateway.leaseGrant(36_000, (1n << 62n) + 1n);
  for (let i = 0; i < 300; i++) {
    await gateway.put(`/registry/pods/p${i % 60}`, `${'v'.repeat(i * 5)}${i}`, i % 7 === 0 ? 42n : undefined);
    if (i % 10 === 3) await gateway.deleteRange(`/registry/pods/p${i % 60}`);
  }
  await gateway.put('large', Buffer.alloc(1_200_000, 'x'), (1n << 62n) + 1n);
  await gateway.txn([
    { put: 'a', value: '1' },
    { put: 'b', value: '' },
    { delete: '/registry/pods/p1', end: '/registry/pods/p2' },
  ]);
  await gateway.roleAdd('reader');
  await gateway.roleGrant('reader', 'READ', '/registry/', '/registry0');
  await gateway.userAdd('alice', 'secret');
  await gateway.userGrantRole('alice', 'reader');
  await gateway.compact(200);
  await gateway.put('c', 'after the compaction');
}
