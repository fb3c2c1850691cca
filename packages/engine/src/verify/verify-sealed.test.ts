import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '@holdfast/base';
import type { HashKv } from '@holdfast/model';
import { openRepository, type ClientKeys, type Repository } from '@holdfast/repository';
import { generateSecretKey } from '@holdfast/repository/object';
import { storeSealed } from '@holdfast/repository/testing';
import { verifySnapshotFile } from '@holdfast/etcd/snapshot';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { verifySnapshot } from './verify.ts';

const content = gunzipSync(
  readFileSync(new URL('../../../../test/fixtures/snapshots/etcd-3.6.16.db.gz', import.meta.url)),
);
const secret = await generateSecretKey();
const other = await generateSecretKey();
const opens = (...keys: (typeof secret)[]): ClientKeys => ({ opening: async () => ({ keys }) });

let folder: string;
let context: VerbContext;
let hashKv: HashKv;
const phases = new Set<string>();

beforeAll(async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'holdfast-verify-')), 'plain.db');
  writeFileSync(file, content);
  hashKv = (await verifySnapshotFile(file)).hashKv!;
  rmSync(join(file, '..'), { recursive: true });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-verify-'));
  context = {
    clock: systemClock,
    signal: new AbortController().signal,
    holdfast: '0.1.0',
    scratchFolder: folder,
    onProgress: ({ phase }) => phases.add(phase),
  };
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The sample, stored; sealed unless it is only compressed. */
async function stored(sealed = true, keys = opens(secret)): Promise<Repository> {
  const repository = await openRepository(join(folder, 'repository'), { create: true, keys });
  await storeSealed(repository, await repository.addCluster('prod'), 'one', content, {
    recipients: sealed ? [secret.publicKey] : undefined,
    changes: { revision: 61, compactRevision: 30, hashKv },
  });
  return repository;
}

async function objectOf(repository: Repository): Promise<string> {
  return (await repository.snapshot('one')).path;
}

describe.each([
  ['sealed', true],
  ['compressed', false],
])('a %s snapshot', (_, sealed) => {
  test('is verified from what is stored, and nothing plain is left', async () => {
    const repository = await stored(sealed);
    const { evidence, notRecorded } = await verifySnapshot(context, repository, { name: 'one' });
    expect(evidence.checks.map(({ outcome }) => outcome)).toEqual(Array(7).fill('passed'));
    expect([evidence.outcome, notRecorded]).toEqual(['passed', null]);
    expect((await repository.snapshot('one')).state).toBe('verified');
    expect(phases).toEqual(new Set(['read', 'verify']));
    expect(readdirSync(folder)).toEqual(['repository']);
  });

  test('that was cut, altered or replaced has failed, with the reason', async () => {
    const repository = await stored(sealed);
    const path = await objectOf(repository);
    const whole = readFileSync(path);
    const altered = Buffer.from(whole);
    altered[whole.length - 200_000 < 0 ? whole.length >> 1 : whole.length - 200_000]! ^= 1;
    for (const damaged of [whole.subarray(0, whole.length >> 1), altered, Buffer.from('nothing')]) {
      writeFileSync(path, damaged);
      const { evidence } = await verifySnapshot(context, repository, { name: 'one' });
      expect(evidence).toMatchObject({ outcome: 'failed', status: null });
      const failed = evidence.checks.filter(({ outcome }) => outcome === 'failed');
      expect(failed.map(({ check, detail }) => [check, detail])).toEqual([
        ['sha256', expect.stringContaining('cannot be opened to its end: ') as string],
      ]);
    }
    expect((await repository.snapshot('one')).state).toBe('damaged');
  });
});

test('what opens to the same content and is not what was stored has failed', async () => {
  const repository = await stored(false);
  const path = await objectOf(repository);
  // A skippable frame: any reader of zstd passes over it.
  writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('502a4d180400000000000000', 'hex')]));
  const { evidence } = await verifySnapshot(context, repository, { name: 'one' });
  expect(evidence).toMatchObject({ outcome: 'failed', status: { revision: 61 } });
  expect(evidence.checks.find(({ outcome }) => outcome === 'failed')).toMatchObject({
    check: 'sha256',
    detail: expect.stringContaining('snapshot.db.zst as it is stored') as string,
  });
});

test('a manifest that lies about the content is found out', async () => {
  const repository = await openRepository(join(folder, 'repository'), { create: true, keys: opens(secret) });
  await storeSealed(repository, await repository.addCluster('prod'), 'one', content, {
    recipients: [secret.publicKey],
    changes: { revision: 60, compactRevision: 30, hashKv },
  });
  const { evidence } = await verifySnapshot(context, repository, { name: 'one' });
  expect(evidence.checks.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check)).toEqual([
    'revisions',
  ]);
});

test('without a key, or with another one, nothing is found and nothing recorded', async () => {
  await stored();
  for (const [keys, code] of [
    [{}, 'key-missing'],
    [opens(other), 'key-not-matching'],
  ] as const) {
    const repository = await openRepository(join(folder, 'repository'), { create: false, keys });
    await expect(verifySnapshot(context, repository, { name: 'one' })).rejects.toMatchObject({ code });
    expect((await repository.snapshot('one')).evidence).toEqual([]);
  }
});

test('an object that is gone is damage, with the way out in the failure', async () => {
  const repository = await stored();
  rmSync(await objectOf(repository));
  await expect(verifySnapshot(context, repository, { name: 'one' })).rejects.toMatchObject({
    code: 'snapshot-damaged',
    why: 'snapshot.db.zst.age is missing',
  });
});

test('an object without an end is damaged, however much of it opens', async () => {
  const repository = await stored();
  truncateSync(await objectOf(repository), 300);
  const { evidence } = await verifySnapshot(context, repository, { name: 'one' });
  expect(evidence.outcome).toBe('failed');
});
