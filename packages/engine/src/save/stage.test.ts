import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { openRepository } from '@holdfast/repository';
import { storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SaveDestination } from './destination.ts';
import { discardAll, stageAll, type StageRequest } from './stage.ts';

const uid = '0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a001';
const otherUid = '7f3c55aa-6d0e-4e57-8f4f-0d5f5f2c1002';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-stage-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function to(name: string, required: boolean): Promise<SaveDestination> {
  return { name, required, repository: await openRepository(join(folder, name), { create: true }) };
}

/** Whose cluster of the name is another Kubernetes. */
async function foreign(name: string, required: boolean): Promise<SaveDestination> {
  const repository = await openRepository(join(folder, name), { create: true });
  await repository.addCluster('prod', otherUid);
  return { name, required, repository };
}

/** What became of each: its name and `staged`, or the code of its failure. */
async function staged(
  destinations: readonly SaveDestination[],
  more: Partial<StageRequest> = {},
): Promise<string[]> {
  const request: StageRequest = {
    seen: { etcdId: 'abc', kubernetesUid: uid },
    cluster: 'prod',
    name: 'one',
    unique: true,
    signal: new AbortController().signal,
    ...more,
  };
  const told: string[] = [];
  const deliveries = await stageAll(destinations, request, ({ name }, { code }) =>
    told.push(`${name} ${code}`),
  );
  await discardAll(deliveries);
  return [...deliveries.map(({ destination }) => `${destination.name} staged`), ...told];
}

describe('what one repository refuses', () => {
  test('is about that one alone where it is optional', async () => {
    const two = [await to('here', true), await foreign('strange', false)];
    expect(await staged(two)).toEqual(['here staged', 'strange cluster-foreign']);
    expect(await staged(two.toReversed())).toEqual(['here staged', 'strange cluster-foreign']);
  });

  test('keeps the save from being begun where it is required', async () => {
    const two = [await to('here', true), await foreign('strange', true)];
    await expect(staged(two)).rejects.toMatchObject({ code: 'cluster-foreign' });
    const files = readdirSync(join(folder, 'here'), { recursive: true, withFileTypes: true });
    expect(
      files
        .filter((each) => each.isFile())
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['cluster.json', 'holdfast-repository.json']);
  });

  test('a name that is taken is a matter of each as well, and one that somebody writes under never of all', async () => {
    const taken = async (name: string, required: boolean): Promise<SaveDestination> => {
      const destination = await to(name, required);
      if (destination.repository instanceof Failure) throw destination.repository;
      const cluster = await destination.repository.addCluster('prod', uid);
      await storeSnapshot(destination.repository, cluster, 'one', Buffer.from('x'));
      return destination;
    };
    const here = await to('here', true);
    expect(await staged([here, await taken('full', false)], { unique: false })).toEqual([
      'here staged',
      'full snapshot-name-taken',
    ]);
    await expect(staged([here, await taken('owed', true)], { unique: false })).rejects.toMatchObject({
      code: 'snapshot-name-taken',
    });
    const busy = await to('busy', true);
    if (busy.repository instanceof Failure) throw busy.repository;
    const { id } = await busy.repository.addCluster('prod', uid);
    const writer = await busy.repository.stageSnapshot(id, 'one', { unique: false });
    expect(await staged([here, busy], { unique: false })).toEqual(['here staged', 'busy snapshot-busy']);
    await writer.discard();
  });
});

test('a save that is wrong in itself is refused, be the repository required or not', async () => {
  const optional = await to('here', false);
  await expect(staged([optional], { cluster: 'no name' })).rejects.toMatchObject({ code: 'usage' });
  await expect(staged([optional], { name: '..', unique: false })).rejects.toMatchObject({
    code: 'snapshot-name-invalid',
  });
});
