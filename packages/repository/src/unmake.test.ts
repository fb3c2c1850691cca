import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRepository, type Repository } from './repository.ts';
import { unmakeRepository } from './unmake.ts';

let folder: string;
let repository: Repository;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-unmake-'));
  repository = await openRepository(join(folder, 'r'), { create: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a repository that nobody uses is gone, with secret keys that no list names', async () => {
  await repository.storage.put('keys/secret-abc.age', Buffer.from('sealed'));
  await unmakeRepository(repository);
  await expect(openRepository(join(folder, 'r'), { create: false })).rejects.toMatchObject({
    code: 'repository-missing',
  });
  await openRepository(join(folder, 'r'), { create: true });
});

test('one that somebody uses is left as it is', async () => {
  await repository.storage.put('keys/secret-abc.age', Buffer.from('sealed'));
  await repository.storage.put('keys/000001.json', Buffer.from('{}'));
  const before = readdirSync(folder, { recursive: true });
  await expect(unmakeRepository(repository)).rejects.toMatchObject({ code: 'repository-exists' });
  expect(readdirSync(folder, { recursive: true })).toEqual(before);
});

test('nor is one with a cluster taken back', async () => {
  await repository.addCluster('prod');
  await expect(unmakeRepository(repository)).rejects.toMatchObject({ code: 'repository-exists' });
});
