import { rm, writeFile } from 'node:fs/promises';
import type { Repository } from '@holdfast/repository';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stillClock, type Ran, type TestIo } from '../testing/io.ts';
import { makeTestRepository, type TestRepository } from '../testing/repository.ts';
import { store } from '../testing/snapshots.ts';

let folder: string;
let repository: Repository;
let cli: TestRepository['cli'];

beforeEach(async () => {
  ({ folder, repository, cli } = await makeTestRepository());
  for (const [name, hours] of [
    ['c', 24],
    ['b', 48],
    ['a', 72],
  ] as const)
    await store(repository, name, { hours, evidence: 'passed', policy: 'nightly' });
  await store(repository, 'hand', { hours: 12 });
  await store(repository, 'other', { cluster: 'lab', policy: 'nightly' });
  await writeFile(policyFile(), policies(folder));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await rm(policyFile());
});

const policyFile = (): string => `${folder}-policies.yaml`;
const policies = (place: string): string => `apiVersion: holdfast.dev/v1
kind: Policies
policies:
  - name: nightly
    cluster: prod
    schedule: { cron: '0 2 * * *' }
    targets:
      - repository: ${place}
        retention: { last: 2 }
      - repository: /nowhere
        required: false
    retention: { last: 1 }
`;
const run = (args: string, io: TestIo = {}): Promise<Ran> => cli(`${args} --policy-file ${policyFile()}`, io);

test('it says of each snapshot whether it is kept, and why, and what could not be looked at', async () => {
  const { exit, stdout, stderr } = await run('policy preview nightly --utc');
  expect(exit).toBe(10);
  expect(stderr).toContain('there is no repository at /nowhere');
  expect(stdout).toMatchInlineSnapshot(`
    "REPO
    NAME   CLUSTER   TAKEN     STATE      FATE                               WHY
    c      prod      24h ago   verified   kept                               the newest verified one of its cluster; one of the newest 1 (minimum); among the newest (last 1 of 2)
    b      prod      2d ago    verified   kept                               among the newest (last 2 of 2)
    a      prod      3d ago    verified   goes after 2026-11-21 09:14:07 Z   no rule keeps it (last 2)
    1 more is not for this to decide on (-o wide).

    /nowhere
    not looked at: nothing is there
    "
  `);
});

test('one repository may be named, and everything be asked for', async () => {
  const { exit, stdout } = await run(`policy preview nightly --repo ${folder} -o wide --utc`);
  expect(exit).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "REPO
    NAME   CLUSTER   TAKEN     STATE      FATE                               WHY                                                                                                     POLICY    MEMBER   STORED
    hand   prod      12h ago   stored     kept                               saved by hand: no policy's                                                                              -         m1       15 B
    c      prod      24h ago   verified   kept                               the newest verified one of its cluster; one of the newest 1 (minimum); among the newest (last 1 of 2)   nightly   m1       12 B
    b      prod      2d ago    verified   kept                               among the newest (last 2 of 2)                                                                          nightly   m1       12 B
    a      prod      3d ago    verified   goes after 2026-11-21 09:14:07 Z   no rule keeps it (last 2)                                                                               nightly   m1       12 B
    "
  `);
  expect((await run(`policy preview nightly --repo ${folder} -q`)).stdout).toBe('a\n');
  const { stdout: json } = await run(`policy preview nightly --repo ${folder} -o json`);
  expect(JSON.parse(json)).toMatchObject({
    kind: 'PolicyPreview',
    policy: 'nightly',
    repositories: [
      {
        failure: null,
        items: [
          { name: 'hand', concerned: false, fate: 'kept', reasons: ["saved by hand: no policy's"] },
          { name: 'c', concerned: true, fate: 'kept' },
          { name: 'b', fate: 'kept' },
          { name: 'a', fate: 'marked', goesAt: '2026-11-21T09:14:07.000Z' },
        ],
      },
    ],
  });
});

test('a prune by the policy does what the preview says', async () => {
  expect((await run('snapshot prune --policy nightly -q')).stdout).toBe('a\n');
  const tomorrow = { clock: { ...stillClock, now: () => new Date('2026-11-21T09:14:07Z') } };
  expect((await run('policy preview nightly --utc', tomorrow)).stdout).toContain('goes now');
  expect((await run('snapshot prune --policy nightly --yes', tomorrow)).exit).toBe(0);
  expect((await cli('snapshot list --cluster prod -q')).stdout).toBe('hand\nc\nb\n');
  expect((await cli('snapshot list --cluster lab -q')).stdout).toBe('other\n');
});

test('a policy that is not there is named', async () => {
  const { exit, stderr } = await run('policy preview night');
  expect([exit, stderr]).toEqual([1, expect.stringContaining('it has nightly')]);
});

test.each(['snapshot prune --policy nightly', 'policy preview nightly --repo REPO'])(
  '%s goes by the rules for a repository, however it is written',
  async (line) => {
    await writeFile(policyFile(), policies(`${folder}/.`));
    const { exit, stdout } = await run(`${line.replace('REPO', folder)} -o json`);
    expect(exit).toBe(0);
    expect(stdout).toContain('no rule keeps it (last 2)');
    expect(stdout).not.toContain('last 1)');
  },
);

test.each(['snapshot prune --policy nightly', 'policy preview nightly'])(
  '%s goes by no rules for other repositories',
  async (line) => {
    await writeFile(policyFile(), policies('/elsewhere'));
    const { stderr } = await run(`${line} --repo ${folder}`);
    expect(stderr).toContain(
      'has rules for each of its repositories, /elsewhere, /nowhere, and none for REPO',
    );
    expect((await cli('snapshot show b')).stdout).not.toContain('unwanted');
  },
);

test('an address that is none is told as such', async () => {
  await writeFile(policyFile(), policies('s3:///x'));
  const { exit, stderr } = await run('policy preview nightly');
  expect([exit, stderr]).toEqual([2, expect.stringContaining('"s3:///x": an address of S3 has the form')]);
});
