import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdMinors, etcdOrSkip, inTurn, startPlanned } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectSame, fillRichly, live, planFor, restoreByHoldfast, saved } from './index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-compare-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const bump = { by: 1_000_000, markCompacted: true };

describe.each(inTurn(etcdMinors, 2))('etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);
  const canBump = version !== '3.4';

  test.skipIf(skip)(
    'what Holdfast restores lives as what its own tool restores, alone and as three',
    async () => {
      const { snapshot, auth } = await saved(folder, { version, auth: true }, fillRichly);
      const options = { version, ...(auth !== undefined && { auth }) };
      await expectSame(folder, options, { snapshot, bump: null });
      if (canBump) await expectSame(folder, options, { snapshot, bump });
      await expectSame(folder, { ...options, members: 3 }, { snapshot, bump: canBump ? bump : null });
    },
  );

  test.skipIf(skip)('so does a cluster of one key, and one that never had any', async () => {
    for (const count of [1, 0]) {
      const { snapshot } = await saved(folder, { version }, async (cluster) => {
        for (let i = 0; i < count; i++) await cluster.gateway().put('only', 'this');
      });
      for (const by of canBump ? [bump, null] : [null])
        await expectSame(folder, { version }, { snapshot, bump: by });
    }
  });

  test.skipIf(skip)(
    'a bumped member tells old watchers that they are compacted, and keeps its data',
    async () => {
      const { snapshot } = await saved(folder, { version }, async (cluster) => {
        for (let i = 0; i < 50; i++) await cluster.gateway().put(`k${i}`, 'v');
      });
      const plan = await planFor(folder, { version });
      await restoreByHoldfast(plan, { snapshot, bump });
      const [started, , restarted] = await live(plan);
      expect(started!.state).toMatchObject({
        revision: 51 + bump.by,
        hashKv: { compactRevision: 51 + bump.by },
      });
      expect(started!.state.keys).toHaveLength(50);
      expect(restarted!.state.keys).toHaveLength(53);
      await using cluster = await startPlanned(plan, { restored: true });
      await expect(cluster.gateway().rangeAll({ revision: 51 })).rejects.toThrow(/compacted/);
    },
  );
});
