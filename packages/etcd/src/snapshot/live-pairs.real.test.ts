import { join } from 'node:path';
import { churn, etcdMinors, etcdOrSkip, fillKubernetes, startCluster } from '@holdfast/test-servers';
import { describe, expect, test } from 'vitest';
import { openFileSource } from '../bolt/index.ts';
import { readLivePairs } from './index.ts';

describe.each(etcdMinors)('etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);

  test.skipIf(skip)('the live pairs of a snapshot are those that etcd gives', async () => {
    await using cluster = await startCluster({ version });
    const gateway = cluster.gateway();
    const options = { objects: 150, meanBytes: 1500 };
    await fillKubernetes(cluster, options);
    for (const round of [0, 1]) {
      const { revision } = await churn(cluster, { ...options, changes: 300, round });
      const file = join(cluster.dir, `${round}.db`);
      await cluster.snapshotSave(file);
      using source = openFileSource(file);
      const pairs = new Map<string, Buffer>();
      const count = await readLivePairs(source, (key, value) => {
        pairs.set(Buffer.from(key).toString(), Buffer.from(value));
      });
      const expected = (await gateway.rangeAll()).keyValues;
      expect(count).toBe(expected.length);
      expect(pairs).toEqual(
        new Map(expected.map(({ key, value }) => [Buffer.from(key).toString(), Buffer.from(value)])),
      );
      // The second round has a finished compaction behind it.
      await gateway.compact(revision - 40);
    }
  });
});
