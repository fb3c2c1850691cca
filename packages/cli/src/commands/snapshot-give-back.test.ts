import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from '@holdfast/repository';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTestRepository, type TestRepository } from '../testing/repository.ts';
import { store } from '../testing/snapshots.ts';

let folder: string;
let repository: Repository;
let cli: TestRepository['cli'];

beforeEach(async () => {
  ({ folder, repository, cli } = await makeTestRepository());
  await store(repository, 'b', { hours: 2, evidence: 'passed' });
});
afterEach(() => rm(folder, { recursive: true }));

test('export --as says where the file is and how its own tool restores it', async () => {
  const { exit, stdout, stderr } = await cli(`snapshot export b --as alauda --form raw --to ${folder}/out`);
  expect([exit, stderr]).toEqual([0, 'export\n']);
  expect(stdout).toMatchInlineSnapshot(`
    "b is at REPO/out/snapshot-etcd-20261120-071007-10.0.0.1.tar: 12 B, sha256 5de76c5ae436d8e19ed10e855a11288f8378fb22a26cd1cd9224bc1c9ac59d27
    To restore: \`cp REPO/out/snapshot-etcd-20261120-071007-10.0.0.1.tar /tmp/snapshot.db\` on the first control plane node makes the /tmp/snapshot.db that Alauda's instructions begin with.
    "
  `);
  const file = join(folder, 'out', 'snapshot-etcd-20261120-071007-10.0.0.1.tar');
  expect(await readFile(file, 'utf8')).toBe('content of b');
  const again = await cli(`snapshot export b --as alauda --form raw --to ${folder}/out`);
  expect(again).toMatchObject({ exit: 14, stderr: expect.stringContaining('exists already') as string });
  const json = await cli(`snapshot export b --as alauda --node 10.0.0.2 --to ${folder}/out --json`);
  expect(JSON.parse(json.stdout)).toMatchObject({
    apiVersion: 'holdfast.dev/v1',
    kind: 'SnapshotGivenBack',
    name: 'b',
    as: 'alauda',
    form: 'tar',
    metadata: null,
    withState: null,
  });
  const names = await cli(`snapshot export b --as alauda --node 10.0.0.3 --to ${folder}/out -q`);
  expect(names.stdout).toBe('REPO/out/snapshot-etcd-20261120-071007-10.0.0.3.tar\n');
});

test('plain is what export does without --as', async () => {
  await cli(`snapshot export b --as plain --to ${folder}/b.db`);
  expect(await readFile(join(folder, 'b.db'), 'utf8')).toBe('content of b');
});

test.each([
  ['--form zip', '--form needs --as of a system'],
  ['--node a', '--node needs --as of a system'],
  ['--as k3s --sealed', '--sealed is as it is stored, and --as k3s is not'],
  ['--as k3s --form tar', 'k3s takes raw or zip, and no tar'],
  ['--as alauda --node a', '"a" is no IPv4 address'],
])('%s is refused', async (options, why) => {
  const { exit, stderr } = await cli(`snapshot export b ${options} --to ${folder}/out`);
  expect(exit).toBe(2);
  expect(stderr).toContain(why);
});

test('what is no database of etcd is not given to a system that would restore it', async () => {
  const { exit, stderr } = await cli(`snapshot export b --as k3s --to ${folder}/out`);
  expect(exit).toBe(4);
  expect(stderr).toContain('b is damaged');
});
