import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { openRepository } from '@holdfast/repository';
import { storeSnapshot } from '@holdfast/repository/testing';
import { expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { readSnapshots } from './read-snapshots.ts';

test('a snapshot that is deleted while others are read is no damage, and one that lost its content is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-check-'));
  try {
    const repository = await openRepository(folder, { create: true });
    const owner = await repository.addCluster('prod');
    for (const name of ['kept', 'pruned', 'robbed'])
      await storeSnapshot(repository, owner, name, Buffer.from(name));
    const { snapshots } = await repository.snapshots();
    await repository.deleteSnapshot(owner.id, 'pruned');
    const robbed = snapshots.find(({ name }) => name === 'robbed')!;
    await rm(robbed.path);
    const context: VerbContext = {
      clock: systemClock,
      signal: new AbortController().signal,
      holdfast: '0.1.0',
    };
    const { names, findings } = await readSnapshots(context, repository, snapshots, false);
    expect(names.toSorted()).toEqual(['kept', 'robbed']);
    expect(findings.map((each) => each.snapshots)).toEqual([['robbed']]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
