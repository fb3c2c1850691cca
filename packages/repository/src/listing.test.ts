import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure } from '@holdfast/base';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterName } from './entry.ts';
import { openRepository, type Repository } from './repository.ts';
import { evidenceOf, manifestOf, storeSnapshot } from './testing/snapshot.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-listing-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const folder = (): string => join(base, String((count += 1)));
/** That of the first commit in a new repository. */
const manifest = 'manifest-000000000001.json';
const content = Buffer.from('an etcd snapshot, as far as a repository cares');

let repository: Repository;
let prod: ClusterName;
beforeEach(async () => {
  repository = await openRepository(folder(), { create: true });
  const { id, name } = await repository.addCluster('prod');
  prod = { id, name };
});

const names = async (): Promise<string[]> => (await repository.snapshots()).snapshots.map(({ name }) => name);
const fileOf = (name: string, file: string): string =>
  join(repository.location, 'clusters', prod.id, 'snapshots', name, file);

/** Runs `act` as a user who may read all of the repository but the folder `closed`; root plays somebody else. */
async function asOrdinaryUser(closed: string, act: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const nobody = 65_534;
  const mode = statSync(closed).mode;
  if (isRoot) {
    chmodSync(base, 0o755);
    execFileSync('chown', ['-R', String(nobody), repository.location]);
    process.seteuid?.(nobody);
  }
  chmodSync(closed, 0o000);
  try {
    await act();
  } finally {
    chmodSync(closed, mode);
    if (isRoot) process.seteuid?.(0);
  }
}

/** A manifest as holdfast.dev/v1 had it. */
function v1Of(name: string) {
  const {
    content: of,
    objects,
    cluster,
    recipients: _,
    companions: __,
    origin: ___,
    ...rest
  } = manifestOf(name, prod, content);
  const { kubernetesUid: ____, ...owner } = cluster;
  const lineage = { previous: null, previousManifestSha256: null };
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'Snapshot',
    ...rest,
    content: of,
    objects,
    cluster: owner,
    lineage,
  };
}

/** Stores a snapshot as the first version of Holdfast did. */
function storeV1(name: string): void {
  mkdirSync(fileOf(name, ''), { recursive: true });
  writeFileSync(fileOf(name, 'snapshot.db'), content);
  writeFileSync(fileOf(name, 'manifest.json'), `${JSON.stringify(v1Of(name), null, 2)}\n`);
}

test('a snapshot of holdfast.dev/v1 is listed, read and removed as ever', async () => {
  storeV1('old');
  await storeSnapshot(repository, prod, 'new', content);
  expect(await names()).toEqual(['new', 'old']);
  const old = await repository.snapshot('old');
  expect(old).toMatchObject({ state: 'stored', manifest: { lineage: null, recipients: [] } });
  expect(old.trust).toMatchObject({ trusted: true, why: expect.stringContaining('holdfast.dev/v1') });
  await expect(repository.stageSnapshot(prod.id, 'old', { unique: false })).rejects.toMatchObject({
    code: 'snapshot-name-taken',
  });
  await repository.deleteSnapshot(prod.id, 'old');
  expect(await names()).toEqual(['new']);
});

const lease = (): string => join(repository.location, 'clusters', prod.id, 'lease');

describe('what the lease says is what is listed', () => {
  test('a manifest that was altered is not read', async () => {
    await storeSnapshot(repository, prod, 'one', content);
    const path = fileOf('one', manifest);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"', ' "'));
    expect(await names()).toEqual([]);
    await expect(repository.snapshot('one')).rejects.toMatchObject({
      code: 'manifest-damaged',
      why: 'its bytes are not those that were committed',
    });
  });

  test('a manifest that is gone is told of', async () => {
    await storeSnapshot(repository, prod, 'one', content);
    rmSync(fileOf('one', manifest));
    expect((await repository.snapshots()).damaged).toMatchObject([{ name: 'one', clusterId: prod.id }]);
    await expect(repository.snapshot('one')).rejects.toMatchObject({ code: 'manifest-damaged' });
    await repository.deleteSnapshot(prod.id, 'one');
    expect((await repository.snapshots()).damaged).toEqual([]);
  });

  test('what is not committed is unfinished', async () => {
    await storeSnapshot(repository, prod, 'one', content);
    mkdirSync(fileOf('two', ''));
    writeFileSync(fileOf('two', manifest), readFileSync(fileOf('one', manifest)));
    const { snapshots, unfinished } = await repository.snapshots();
    expect(snapshots.map(({ name }) => name)).toEqual(['one']);
    expect(unfinished).toMatchObject([{ name: 'two', busy: false }]);
  });

  test('where all of it is lost, snapshots are still listed, that is told, and nothing new is written', async () => {
    await storeSnapshot(repository, prod, 'one', content);
    rmSync(lease(), { recursive: true });
    const { snapshots, damaged } = await repository.snapshots();
    expect(snapshots.map(({ name }) => name)).toEqual(['one']);
    expect(damaged).toMatchObject([{ name: null, path: lease(), failure: { code: 'commits-missing' } }]);
    await expect(storeSnapshot(repository, prod, 'two', content)).rejects.toMatchObject({
      code: 'commits-missing',
    });
    expect(await names()).toEqual(['one']);
  });
});

describe('damage is reported and hides nothing', () => {
  beforeEach(async () => {
    await storeSnapshot(repository, prod, 'good', content);
    storeV1('bad');
  });

  test.each<[string, string, string]>([
    ['no JSON', '{', 'manifest-damaged'],
    ['no UTF-8', '"\xff"', 'manifest-damaged'],
    ['empty', '', 'manifest-damaged'],
    ['no object', 'null', 'manifest-damaged'],
    ['of no schema', '{"apiVersion":"holdfast.dev/v1","kind":"Snapshot"}', 'manifest-damaged'],
    ['of a later version', '{"apiVersion":"holdfast.dev/v9"}', 'repository-newer'],
    ['too long', ' '.repeat(5 << 20), 'manifest-damaged'],
  ])('a manifest that is %s', async (_, text, code) => {
    writeFileSync(fileOf('bad', 'manifest.json'), text, 'latin1');
    const { snapshots, damaged } = await repository.snapshots();
    expect(snapshots.map(({ name }) => name)).toEqual(['good']);
    expect(damaged).toMatchObject([
      { name: 'bad', clusterId: prod.id, path: fileOf('bad', 'manifest.json') },
    ]);
    expect(isFailure(damaged[0]?.failure) && damaged[0].failure.code).toBe(code);
    await expect(repository.snapshot('bad')).rejects.toMatchObject({ code });
    await expect(repository.stageSnapshot(prod.id, 'bad', { unique: false })).rejects.toMatchObject({
      code: 'snapshot-name-taken',
    });
    await repository.deleteSnapshot(prod.id, 'bad');
    expect((await repository.snapshots()).damaged).toEqual([]);
  });

  test.each([
    ['another name', { name: 'good' }],
    ['another cluster', { cluster: { id: '59c5e2dd-5902-84f8-a77e-cc5978b96b4c', name: 'x', etcdId: '1' } }],
    ['another path', { objects: [{ role: 'snapshot', path: '../good/snapshot.db', encoding: 'plain' }] }],
  ])('a manifest of %s', async (_, changes) => {
    const objects = v1Of('bad').objects.map((object, at) => ({
      ...object,
      ...('objects' in changes && changes.objects?.[at]),
    }));
    writeFileSync(fileOf('bad', 'manifest.json'), JSON.stringify({ ...v1Of('bad'), ...changes, objects }));
    expect(await names()).toEqual(['good']);
    await expect(repository.snapshot('bad')).rejects.toMatchObject({ code: 'manifest-damaged' });
  });

  test('a file of another size, or none', async () => {
    truncateSync(fileOf('bad', 'snapshot.db'), 7);
    expect(await repository.snapshot('bad')).toMatchObject({
      state: 'damaged',
      damage: 'snapshot.db has 7 bytes, its manifest says 46',
    });
    rmSync(fileOf('bad', 'snapshot.db'));
    expect(await repository.snapshot('bad')).toMatchObject({
      state: 'damaged',
      damage: 'snapshot.db is missing',
    });
    expect(await names()).toEqual(['bad', 'good']);
  });

  test('the record of a cluster: its snapshots know its name', async () => {
    const path = join(repository.location, 'clusters', prod.id, 'cluster.json');
    writeFileSync(path, 'x');
    const { clusters, snapshots, damaged } = await repository.snapshots();
    expect({ clusters, damaged }).toMatchObject({ clusters: [], damaged: [{ name: null, path }] });
    expect(snapshots.map(({ cluster }) => cluster)).toEqual([
      { id: prod.id, name: 'prod' },
      { id: prod.id, name: 'prod' },
    ]);
  });

  test('a pin still pins, evidence counts for nothing', async () => {
    const bad = await repository.snapshot('bad');
    await repository.pin(bad, 'x');
    await repository.addEvidence(bad, evidenceOf('bad', '2026-11-20T12:00:01Z', 'passed'));
    writeFileSync(fileOf('bad', 'pin.json'), '');
    writeFileSync(join(fileOf('bad', 'evidence'), readdirSync(fileOf('bad', 'evidence'))[0]!), '');
    expect(await repository.snapshot('bad')).toMatchObject({
      state: 'stored',
      pin: { reason: 'the record of the pin is damaged' },
    });
    expect((await repository.snapshots()).damaged).toHaveLength(2);
  });

  test('a snapshot that lost its manifest is unfinished; its file is never cleared away unasked', async () => {
    rmSync(fileOf('bad', 'manifest.json'));
    const { snapshots, unfinished } = await repository.snapshots();
    expect(snapshots.map(({ name }) => name)).toEqual(['good']);
    expect(unfinished).toEqual([{ clusterId: prod.id, name: 'bad', size: content.length, busy: false }]);
    await expect(repository.stageSnapshot(prod.id, 'bad', { unique: false })).rejects.toMatchObject({
      code: 'snapshot-name-taken',
    });
    expect(readFileSync(fileOf('bad', 'snapshot.db'))).toEqual(content);
    await repository.deleteSnapshot(prod.id, 'bad');
    expect((await repository.snapshots()).unfinished).toEqual([]);
  });

  test.each<[string, string | null, string, string[]]>([
    ['a snapshot', 'bad', '.', ['good']],
    ['its evidence', 'bad', 'evidence', ['bad', 'good']],
    ['a cluster', null, '../..', []],
  ])('the folder of %s that may not be read', async (_, name, path, left) => {
    const bad = await repository.snapshot('bad');
    await repository.addEvidence(bad, evidenceOf('bad', '2026-11-20T12:00:01Z', 'passed'));
    const closed = join(fileOf('bad', ''), path);
    await asOrdinaryUser(closed, async () => {
      expect(await names()).toEqual(left);
      const { damaged } = await repository.snapshots();
      expect(damaged).toMatchObject([{ clusterId: prod.id, name, path: closed }]);
      expect(isFailure(damaged[0]?.failure, 'file-unreadable')).toBe(true);
      if (!left.includes('bad')) await expect(repository.snapshot('bad')).rejects.toBeInstanceOf(Error);
      if (path === '.') {
        await expect(repository.snapshot('bad')).rejects.toMatchObject({ code: 'file-unreadable' });
      }
    });
  });

  test('foreign files in the tree do not disturb', async () => {
    writeFileSync(join(repository.location, 'README.txt'), '');
    writeFileSync(join(repository.location, 'clusters', '.DS_Store'), '');
    mkdirSync(fileOf('_not a name', ''), { recursive: true });
    writeFileSync(fileOf('_not a name', 'manifest.json'), '');
    expect(await repository.snapshots()).toMatchObject({ damaged: [], unfinished: [] });
    expect(await names()).toEqual(['bad', 'good']);
  });
});
