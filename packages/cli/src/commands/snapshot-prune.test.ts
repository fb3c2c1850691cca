import { rm } from 'node:fs/promises';
import type { Repository } from '@holdfast/repository';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stillClock } from '../testing/io.ts';
import { makeTestRepository, type TestRepository } from '../testing/repository.ts';
import { store } from '../testing/snapshots.ts';

let folder: string;
let repository: Repository;
let cli: TestRepository['cli'];

beforeEach(async () => {
  ({ folder, repository, cli } = await makeTestRepository());
  await store(repository, 'a', { hours: 72, evidence: 'passed' });
  await store(repository, 'b', { hours: 48, evidence: 'passed' });
  await store(repository, 'c', { hours: 24, evidence: 'passed' });
});
afterEach(() => rm(folder, { recursive: true }));

const tomorrow = { clock: { ...stillClock, now: () => new Date('2026-11-21T09:14:07Z') } };
const names = async (): Promise<string[]> =>
  (await cli('snapshot list -q')).stdout.split('\n').filter((name) => name !== '');

test('the first run marks, and the next one a day later deletes', async () => {
  const first = await cli('snapshot prune --keep-last 1 --keep-within 25h --utc');
  expect([first.exit, first.stderr]).toEqual([0, '']);
  expect(first.stdout).toMatchInlineSnapshot(`
    "NAME   CLUSTER   TAKEN     STATE      FATE                               WHY
    c      prod      24h ago   verified   kept                               the newest verified one of its cluster; one of the newest 1 (minimum); among the newest (last 1 of 1); younger than 25h
    b      prod      2d ago    verified   goes after 2026-11-21 09:14:07 Z   no rule keeps it (last 1, within 25h)
    a      prod      3d ago    verified   goes after 2026-11-21 09:14:07 Z   no rule keeps it (last 1, within 25h)
    Deleted 0 (0 B), 2 to go later.
    "
  `);
  expect((await cli('snapshot show a --utc')).stdout).toContain(
    'unwanted   since 2026-11-20 09:14:07 Z: no rule keeps it (last 1, within 25h)',
  );
  const refused = await cli('snapshot prune --keep-last 1', tomorrow);
  expect([refused.exit, refused.stdout]).toEqual([20, '']);
  expect(await names()).toEqual(['c', 'b', 'a']);
  const second = await cli('snapshot prune --keep-last 1 --yes --utc', tomorrow);
  expect(second.stdout).toMatchInlineSnapshot(`
    "NAME   CLUSTER   TAKEN    STATE                FATE      WHY
    c      prod      2d ago   verified             kept      the newest verified one of its cluster; one of the newest 1 (minimum); among the newest (last 1 of 1)
    b      prod      3d ago   verified, unwanted   deleted   no rule keeps it (last 1)
    a      prod      4d ago   verified, unwanted   deleted   no rule keeps it (last 1)
    Deleted 2 (24 B), 0 to go later.
    "
  `);
  expect(await names()).toEqual(['c']);
});

test('who is asked sees what goes, and types a word', async () => {
  const { exit, stderr } = await cli('snapshot prune --keep-last 2 --now', { isTTY: true, typed: 'prune' });
  expect([exit, stderr]).toMatchInlineSnapshot(`
    [
      0,
      "This deletes:
      a of prod: no rule keeps it (last 2)
    Type prune to go on: ",
    ]
  `);
  expect(await names()).toEqual(['c', 'b']);
});

test('--dry-run does nothing, and JSON has it all', async () => {
  const { exit, stdout } = await cli('snapshot prune --keep-last 2 --now --dry-run -o json');
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    kind: 'SnapshotPrune',
    policy: null,
    dryRun: true,
    graceMs: 0,
    unreadable: 0,
    items: [
      { name: 'c', fate: 'kept', goesAt: null },
      { name: 'b', fate: 'kept' },
      {
        name: 'a',
        cluster: 'prod',
        concerned: true,
        fate: 'deleted',
        goesAt: '2026-11-20T09:14:07.000Z',
        reasons: ['no rule keeps it (last 2)'],
      },
    ],
  });
  expect((await cli('snapshot prune --keep-last 2 --now --dry-run -q')).stdout).toBe('a\n');
  expect(await names()).toEqual(['c', 'b', 'a']);
});

test.each([
  ['snapshot prune', 'it needs --policy, or what is to be kept'],
  ['snapshot prune --minimum 3', 'it needs --policy, or what is to be kept'],
  ['snapshot prune --policy p --keep-last 2', 'what --policy keeps is said by the policy'],
  ['snapshot prune --policy p --minimum 9', 'what --policy keeps is said by the policy: no --minimum'],
  ['snapshot prune --policy p --time-zone Asia/Tokyo', 'no --time-zone'],
  ['snapshot prune --policy p --now', 'a policy always waits a day'],
  ['snapshot prune --keep-within soon', 'It must be a length of time'],
  ['snapshot prune --max-bytes much', '"much" is no number of bytes'],
  ['snapshot prune --keep-daily 2 --time-zone Moon', '"Moon" is no time zone'],
  ['snapshot prune --keep-last 0', 'whole number from 1 on'],
])('%s is refused', async (line, why) => {
  const { exit, stderr } = await cli(line);
  expect([exit, stderr]).toEqual([2, expect.stringContaining(why)]);
});

test('a pin holds until its time, and the view says until when', async () => {
  expect((await cli('snapshot pin a --for 1d --reason audit')).stdout).toBe(
    'a is pinned until 2026-11-21T09:14:07.000Z: audit\n',
  );
  await cli('snapshot prune --keep-last 1 --now --yes');
  expect(await names()).toEqual(['c', 'a']);
  expect((await cli('snapshot show a --utc')).stdout).toContain(
    '2026-11-20 09:14:07 Z until 2026-11-21 09:14:07 Z: audit',
  );
  const list = JSON.parse((await cli('snapshot list --json', tomorrow)).stdout) as { items: object[] };
  expect(list.items).toMatchObject([{ name: 'c' }, { name: 'a', pinned: false, pinnedUntil: null }]);
  expect((await cli('snapshot pin a --until 2027-01-31', tomorrow)).stdout).toBe(
    'a is pinned until 2027-01-31T00:00:00.000Z\n',
  );
  for (const line of [
    '--until 2026-11-01',
    '--until 2027-02-31',
    '--until soon',
    '--for 2',
    '--for 1d --until 2027-01-01',
  ])
    expect((await cli(`snapshot pin c ${line}`)).exit).toBe(2);
});
