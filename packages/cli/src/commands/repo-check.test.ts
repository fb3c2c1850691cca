import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from '@holdfast/repository';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Ran, TestIo } from '../testing/io.ts';
import { makeTestRepository } from '../testing/repository.ts';
import { store } from '../testing/snapshots.ts';

let folder: string;
let repository: Repository;
let cli: (args: string, io?: TestIo) => Promise<Ran>;

beforeEach(async () => {
  const made = await makeTestRepository();
  ({ folder, repository } = made);
  const env = { HOLDFAST_REPO: folder, HOLDFAST_STATE_DIR: `${folder}-state` };
  cli = (args, io = {}) => made.cli(args, { env, ...io });
  await store(repository, 'a', { hours: 48, evidence: 'passed' });
  await store(repository, 'b', { hours: 24, evidence: 'passed' });
  await store(repository, 'c');
});
afterEach(async () => {
  for (const each of [folder, `${folder}-state`]) await rm(each, { recursive: true, force: true });
});

const pathOf = async (name: string): Promise<string> => (await repository.snapshot(name)).path;
const leaseFolder = async (): Promise<string> =>
  join(folder, 'clusters', (await repository.clusters())[0]!.id, 'lease');

async function rot(name: string): Promise<void> {
  const path = await pathOf(name);
  const bytes = await readFile(path);
  bytes[3]! ^= 1;
  await writeFile(path, bytes);
}

describe('repo check', () => {
  test('all is well', async () => {
    const { exit, stdout, stderr } = await cli('repo check --read all --open');
    expect([exit, stderr]).toEqual([0, 'read\n']);
    expect(stdout).toMatchInlineSnapshot(`
      "REPO
      CLUSTER   SNAPSHOTS   NEWEST TO BE TRUSTED   TAKEN    STATE
      prod      3           c                      4m ago   stored
      Read again: a, b, c (36 B)
      ok nothing is wrong
      "
    `);
    expect((await cli('repo check --read none -q')).stdout).toBe('c\n');
  });

  test('rot is named with its snapshot and place, recorded, and what is still to be trusted is said', async () => {
    await rot('c');
    const { exit, stdout, stderr } = await cli('repo check -o json');
    expect(exit).toBe(4);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'repository-damaged' });
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'RepositoryCheck',
      ok: false,
      clusters: [{ cluster: 'prod', snapshots: 3, newestTrusted: { name: 'b' } }],
      findings: [
        { kind: 'rot', snapshots: ['c'], path: expect.stringMatching(/snapshots\/c\/snapshot\.db$/) },
      ],
    });
    expect(await repository.snapshot('c')).toMatchObject({ state: 'damaged' });
    const again = await cli('repo check --read none');
    expect(again.exit).toBe(4);
    expect(again.stdout).toContain('evidence prod c: the verification of 2026-11-20T09:14:07.000Z failed');
  });

  test('rot of one that is not read is not found, of one that is named it is', async () => {
    await rot('a');
    expect((await cli('repo check --read b --read c')).exit).toBe(0);
    expect((await cli('repo check --read a')).exit).toBe(4);
  });

  test('a chain that was cut behind what this client has seen is told', async () => {
    await cli('repo check --read none');
    const lease = await leaseFolder();
    const kept = (await readdir(lease)).toSorted();
    for (const file of kept.slice(-3)) await rm(join(lease, file));
    const { exit, stdout } = await cli('repo check --read none');
    expect(exit).toBe(4);
    expect(stdout).toContain(
      'chain prod: number 3 of the writers without a key was seen before, and the newest there is number 2',
    );
    expect(stdout).toMatch(/snapshots\/c +\S+ KiB +\S+ ago +no manifest, nobody at work/);
  });

  test('what cannot be understood is refused', async () => {
    for (const args of ['--read all --read a', '--connection --read all', '--connection --repair'])
      expect((await cli(`repo check ${args}`)).exit, args).toBe(2);
    expect((await cli('repo check --read nobody')).exit).toBe(1);
  });
});

describe('repo check --repair', () => {
  test('the remains of a save that has ended are cleared away, what has no claim and what exists stays', async () => {
    const { id } = await repository.addCluster('prod');
    const dead = await repository.stageSnapshot(id, 'dead', { unique: false });
    await (await dead.begin({ role: 'snapshot', encoding: 'plain' })).write(Buffer.from('half'));
    await dead.place();
    const claim = join(folder, 'clusters', id, 'snapshots', 'dead', 'claim-1.json');
    const text = await readFile(claim, 'utf8');
    await writeFile(claim, text.replace(/"started": ".*"/, '"started": "0"'));
    const stray = join(folder, 'clusters', id, 'snapshots', 'a', 'letter.txt');
    await writeFile(stray, 'dear diary');
    const looked = await cli('repo check --read none');
    expect(looked.exit).toBe(0);
    expect(looked.stdout).toMatch(/snapshots\/dead +\d+ B .* unfinished save or removal\n/);
    expect(looked.stdout).toMatch(/letter\.txt +10 B .* belongs to nobody\n/);
    const { exit, stdout } = await cli('repo check --read all --repair');
    expect(exit).toBe(0);
    expect(stdout).toContain('Removed: 0 stale uploads, the remains of 1 unfinished saves and removals');
    expect(stdout).not.toContain('snapshots/dead');
    expect(await readFile(stray, 'utf8')).toBe('dear diary');
    expect((await repository.snapshots()).snapshots).toHaveLength(3);
  });

  test('a lost record of commits is made anew when somebody says so', async () => {
    await repository.deleteSnapshot((await repository.clusters())[0]!.id, 'b');
    const before = (await repository.snapshots()).snapshots.map(({ name }) => name);
    await rm(await leaseFolder(), { recursive: true });
    expect((await cli('repo check --read none')).exit).toBe(4);
    expect((await cli('repo check --read none --repair')).exit).toBe(20);
    const id = repository.record.id;
    const asked = await cli('repo check --read none --repair', {
      isTTY: true,
      typed: id,
      env: { HOLDFAST_REPO: folder, HOLDFAST_STATE_DIR: `${folder}-state` },
    });
    expect(asked.exit).toBe(0);
    expect(asked.stdout).toContain('Made anew: the record of what is committed in prod: a, c');
    expect((await repository.snapshots()).snapshots.map(({ name }) => name)).toEqual(before);
    await store(repository, 'd');
    expect((await cli('repo check --read all')).exit).toBe(0);
    expect((await cli('repo check --read none --repair --yes')).stdout).not.toContain('Made anew');
  });
});

describe('repo stats', () => {
  test('what is stored, how that grows, and what is there twice', async () => {
    const { exit, stdout } = await cli('repo stats -o wide');
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "CLUSTER   SNAPSHOTS   LOGICAL   STORED   RATIO   OLDEST   NEWEST   IN 30 DAYS
      prod      3           36 B      36 B     1 : 1   2d ago   4m ago   396 B (from 2 days)
      By month:
        2026-11   prod   3 snapshots   36 B
      "
    `);
    const json = JSON.parse((await cli('repo stats -o json')).stdout) as { clusters: { forecast: object }[] };
    expect(json).toMatchObject({ kind: 'RepositoryStats', snapshots: 3, ratio: 1 });
    expect(json.clusters[0]!.forecast).toMatchInlineSnapshot(`
      {
        "bytesPerDay": 12,
        "fromDays": 2,
        "in30Days": 396,
        "in365Days": 4416,
      }
    `);
  });
});
