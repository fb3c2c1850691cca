import { systemClock } from '@holdfast/base';
import { etcdMinors, etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { describe, expect, test } from 'vitest';
import { connectEtcd } from './index.ts';

describe.each(etcdMinors)('etcd %s that has lost its quorum', async (version) => {
  const { skip } = await etcdOrSkip(version);

  test.skipIf(skip)('is known by its own word that it has no leader, without a read that waits', async () => {
    await using cluster = await startCluster({ version, members: 3 });
    const [left] = cluster.endpoints as [string];
    await using client = connectEtcd({ endpoints: [left], clock: systemClock });
    await Promise.all([cluster.kill(1), cluster.kill(2)]);
    await expect.poll(async () => (await client.status(left)).leaderId, { timeout: 10_000 }).toBeUndefined();
    const began = performance.now();
    const { members, listed } = await client.survey();
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(members).toMatchObject([{ linearizable: false, status: {} }]);
    expect(listed).toHaveLength(3);
  });
});
