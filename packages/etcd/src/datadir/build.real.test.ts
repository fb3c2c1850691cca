import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdOrSkip, planCluster, startCluster, startPlanned } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import { buildDataDir } from './index.ts';

const { skip } = await etcdOrSkip('3.5');

test.skipIf(skip)('a cluster saved while it was to be downgraded comes back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-build-'));
  try {
    const file = join(folder, 'snapshot.db');
    {
      await using cluster = await startCluster({ version: '3.5' });
      const gateway = cluster.gateway();
      await gateway.put('a', 'b');
      const order = { action: 'ENABLE', version: '3.4.0' };
      // Refused until the cluster has agreed on its version, some seconds after the start; then 3.5 obeys and says nothing.
      await expect
        .poll(async () => gateway.post('/v3/maintenance/downgrade', order).catch(String), { timeout: 60_000 })
        .toMatch(/timed out/);
      await cluster.snapshotSave(file);
    }
    const plan = await planCluster({ version: '3.5', dir: join(folder, 'restored') });
    const { name, dataDir, peerUrl } = plan.members[0]!;
    const { warnings } = await buildDataDir({
      source: { file },
      dataDir,
      name,
      members: [{ name, peerUrls: [peerUrl] }],
      token: plan.token,
      bump: null,
      signal: new AbortController().signal,
    });
    expect(warnings).toEqual([expect.stringContaining('downgrade to 3.4.0')]);
    await using restored = await startPlanned(plan, { restored: true });
    expect((await restored.gateway().rangeAll()).keyValues).toHaveLength(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
