import { thisProcess } from '../holder.ts';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeRecord } from '../record.ts';
import { completeUncommitted } from './complete.ts';
import {
  begin,
  end,
  clock,
  path,
  repository,
  prod,
  save,
  folder,
  faults,
  forgeCommits,
  listed,
} from './testing/tampered.ts';

beforeEach(begin);
afterAll(end);

describe('the record of commits', () => {
  test('without one of the middle leaves a hole', async () => {
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/c/')));
    expect((await listed()).trusted).toEqual(['a', 'd']);
    expect(await faults()).toEqual(['missing c']);
  });

  test('without a manifest that is signed is told, and clears nothing away, whoever is said to have died', async () => {
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/c/')));
    const claim = {
      apiVersion: 'holdfast.dev/v1',
      kind: 'Claim',
      at: '2026-11-20T12:00:00Z',
      ...thisProcess(),
    };
    writeFileSync(join(folder('c'), 'claim-1.json'), encodeRecord({ ...claim, started: '0' }));
    const { damaged } = await repository.snapshots(prod.id);
    expect(damaged).toMatchObject([{ name: 'c', failure: { code: 'manifest-uncommitted' } }]);
    const before = readdirSync(folder('c'));
    expect(await repository.clearRemains(prod.id, 'c')).toBe(false);
    expect(readdirSync(folder('c')).filter((file) => !file.startsWith('claim'))).toEqual(
      before.filter((file) => !file.startsWith('claim')),
    );
  });

  test('without a manifest that only lacks its commit gets it again, and the chain is whole', async () => {
    for (const name of ['c', 'd']) {
      await forgeCommits((all) => all.filter(({ key }) => !key.includes(`/${name}/`)));
      expect(await completeUncommitted(repository, clock, { clusterId: prod.id, name })).toBe(true);
      expect(readdirSync(folder(name)).filter((file) => file.startsWith('manifest-'))).toHaveLength(1);
      expect(await completeUncommitted(repository, clock, { clusterId: prod.id, name })).toBe(false);
    }
    expect((await listed()).trusted.toSorted()).toEqual(['a', 'c', 'd']);
    expect(await faults()).toEqual([]);
    await save(prod, 'e');
    expect(await faults()).toEqual([]);
  });

  test('is not given a manifest whose number another one has, nor one that lacks an object', async () => {
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/d/')));
    await save(prod, 'e');
    expect(await completeUncommitted(repository, clock, { clusterId: prod.id, name: 'd' })).toBe(false);
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/c/')));
    rmSync(join(folder('c'), 'snapshot.db.zst.age'));
    expect(await completeUncommitted(repository, clock, { clusterId: prod.id, name: 'c' })).toBe(false);
    expect((await listed()).trusted).toEqual(['a', 'e']);
  });

  test('without the newest is noticed by who has seen it, and only by them', async () => {
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/d/')));
    expect(await faults(prod, null)).toEqual([]);
    expect(await faults()).toEqual(['rolled-back']);
    expect(await faults(), 'what is wrong is not taken for the state').toEqual(['rolled-back']);
  });

  test('in another order changes nothing, and the next save shows it', async () => {
    await forgeCommits((all) => all.toReversed());
    expect((await listed()).trusted).toEqual(['a', 'c', 'd']);
    expect(await faults()).toEqual([]);
    await save(prod, 'e');
    expect((await faults()).length).toBeGreaterThan(0);
  });

  test('that is gone is told of, and what is there is still listed', async () => {
    rmSync(join(path, 'clusters', prod.id, 'lease'), { recursive: true });
    expect(await listed()).toMatchObject({
      trusted: ['a', 'c', 'd'],
      damaged: [expect.stringContaining('lease is empty')],
    });
    expect(await faults()).toEqual([]);
  });
});
