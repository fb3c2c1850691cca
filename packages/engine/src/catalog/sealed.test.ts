import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { openRepository, type ClientKeys, type ClusterName, type Repository } from '@holdfast/repository';
import { SigningKey } from '@holdfast/repository/manifest';
import { generateSecretKey } from '@holdfast/repository/object';
import { storeSealed, storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { companionsTar } from '../companions/index.ts';
import type { VerbContext } from '../context.ts';
import { exportSnapshot } from './export.ts';
import { exportStored } from './export-stored.ts';
import { takeCompanions } from './take-companions.ts';

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.1.0' };
const content = Buffer.alloc(2_500_000, 'snapshot of a cluster ');
const secret = await generateSecretKey();
const [node, thief] = [SigningKey.generate(), SigningKey.generate()];
const reader: ClientKeys = {
  opening: async () => ({ keys: [secret] }),
  trusted: [node.publicKey],
};

let folder: string;
let prod: ClusterName;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-sealed-'));
  const repository = await opened({ signing: node });
  prod = await repository.addCluster('prod');
  await store(repository, 'one');
});
afterEach(() => rmSync(folder, { recursive: true }));

const opened = (keys: ClientKeys, create = true): Promise<Repository> =>
  openRepository(join(folder, 'repository'), { create, keys });
const store = (repository: Repository, name: string): Promise<void> =>
  storeSealed(repository, prod, name, content, {
    recipients: [secret.publicKey],
    companions: companionsTar(companions),
  });
const companions = {
  distribution: 'kubeadm',
  node: 'cp-1',
  collectedAt: new Date('2026-06-01T00:00:00Z'),
  files: [
    {
      path: '/etc/kubernetes/pki/sa.key',
      why: 'it signs tokens',
      secret: true,
      content: Buffer.from('a key'),
      modifiedAt: new Date('2026-05-01T00:00:00Z'),
    },
  ],
  left: [],
} as const;
const to = (): string => join(folder, 'out');
const left = (): string[] => readdirSync(folder);

test('a sealed snapshot is exported as what etcd sent', async () => {
  await exportSnapshot(context, await opened(reader), { name: 'one', to: to() });
  expect(readFileSync(to()).equals(content)).toBe(true);
  expect(statSync(to()).mode & 0o777).toBe(0o600);
});

test('as it is stored it needs no key, and comes with its manifest and companions', async () => {
  const repository = await opened({ trusted: [node.publicKey] });
  const { files } = await exportStored(context, repository, { name: 'one', to: to() });
  const entry = await repository.snapshot('one');
  expect(files.map(({ name }) => name)).toEqual([
    'snapshot.db.zst.age',
    'companions.tar.age',
    'manifest.json',
  ]);
  expect(readdirSync(to()).toSorted()).toEqual(files.map(({ name }) => name).toSorted());
  for (const { name, size, sha256 } of files) {
    const bytes = readFileSync(join(to(), name));
    expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([size, sha256]);
    expect(bytes.includes('of a cluster')).toBe(false);
  }
  expect(files.at(-1)?.sha256).toBe(entry.manifestSha256);
  await expect(exportStored(context, repository, { name: 'one', to: to() })).rejects.toMatchObject({
    code: 'file-exists',
  });
});

test('the companions are taken out, whole, for this user only', async () => {
  const taken = await takeCompanions(context, await opened(reader), { name: 'one', to: to() });
  expect(taken).toMatchObject({ name: 'one', cluster: 'prod', list: { node: 'cp-1' } });
  const key = join(to(), 'etc/kubernetes/pki/sa.key');
  expect(readFileSync(key, 'utf8')).toBe('a key');
  expect([statSync(key).mode & 0o777, statSync(to()).mode & 0o777]).toEqual([0o600, 0o700]);
});

test('companions that somebody else has sealed are refused, and none are said to be missing', async () => {
  const repository = await opened(reader);
  const entry = await repository.snapshot('one');
  const path = entry.path.replace('snapshot.db.zst.age', 'companions.tar.age');
  await store(await opened({ signing: node }), 'two');
  // Sealed for the same key, of the same files; only the bytes differ.
  writeFileSync(path, readFileSync(path.replace('/one/', '/two/')));
  await expect(takeCompanions(context, repository, { name: 'one', to: to() })).rejects.toMatchObject({
    code: 'object-damaged',
    why: expect.stringContaining('the manifest says') as string,
  });
  await storeSnapshot(await opened({ signing: node }), prod, 'plain', content);
  await expect(takeCompanions(context, repository, { name: 'plain', to: to() })).rejects.toMatchObject({
    code: 'companions-missing',
  });
  expect(left()).toEqual(['repository']);
});

test('without a key, or when it is damaged, nothing is left', async () => {
  const keyless = await opened({ trusted: [node.publicKey] });
  for (const verb of [exportSnapshot, takeCompanions]) {
    await expect(verb(context, keyless, { name: 'one', to: to() })).rejects.toMatchObject({
      code: 'key-missing',
    });
  }
  const repository = await opened(reader);
  const { path } = await repository.snapshot('one');
  const altered = readFileSync(path);
  altered[altered.length >> 1]! ^= 1;
  writeFileSync(path, altered);
  for (const verb of [exportSnapshot, exportStored]) {
    await expect(verb(context, repository, { name: 'one', to: to() })).rejects.toMatchObject({
      code: 'snapshot-damaged',
    });
  }
  expect(left()).toEqual(['repository']);
});

test('what nobody vouches for is refused, unless any manifest is taken', async () => {
  await store(await opened({ signing: thief }), 'forged');
  for (const verb of [exportSnapshot, exportStored, takeCompanions]) {
    await expect(verb(context, await opened(reader), { name: 'forged', to: to() })).rejects.toMatchObject({
      code: 'manifest-untrusted',
      why: expect.stringContaining('not one of') as string,
    });
  }
  expect(left()).toEqual(['repository']);
  await exportSnapshot(context, await opened({ ...reader, require: 'any' }), { name: 'forged', to: to() });
  expect(readFileSync(to()).equals(content)).toBe(true);
});
