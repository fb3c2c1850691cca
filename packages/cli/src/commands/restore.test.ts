import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { planHash } from '@holdfast/engine';
import type { HostDescription, RestorePlan } from '@holdfast/model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { holdfast, type Ran, type TestIo } from '../testing/io.ts';
import { writeJournal } from '../testing/journal.ts';
import { fixedPlan, memberSeen } from '../testing/plan.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a command line, its words parted by blanks, in the folder, where the journals are too. */
async function cli(args: string, io: TestIo = {}): Promise<Ran> {
  const env = { HOLDFAST_STATE_DIR: join(folder, 'state'), ...io.env };
  return await holdfast(args.split(' '), { cwd: folder, home: folder, ...io, env });
}

const unit = { driver: 'systemd', unit: 'etcd.service' };
const apiUnit = { driver: 'systemd', unit: 'kube-apiserver.service' };

function member(name: string): object {
  return {
    name,
    peerUrls: [`https://${name}:2380`],
    clientUrls: [`https://${name}:2379`],
    dataDir: '/var/lib/etcd',
    run: unit,
  };
}

/** Why a command line failed, as it is printed. */
function whyOf({ stderr }: Ran): string {
  return /^ {2}why: {2}(.*)$/m.exec(stderr)?.[1] ?? stderr;
}

describe('a wrong command line', () => {
  test.each([
    ['restore', '`holdfast restore` needs one of: discover, plan, run, status, resume'],
    ['restore plan --way backwards', 'Allowed choices are auto, snapshot, salvage, replace.'],
    ['restore plan --strategy some', 'Allowed choices are all, seed.'],
    ['restore plan --snapshot a --file b', '--file'],
    ['restore plan --bump-revision 0', 'It must be a whole number from 1 on.'],
    ['restore plan --no-bump --bump-revision 5', '--bump-revision'],
    ['restore plan --seed m1 --strategy all', '--seed and --strategy all exclude each other'],
    ['restore plan --seed m1 --way replace', '--way replace has no --strategy'],
    ['restore plan --replace m1', '--replace needs --way replace'],
    ['restore plan --replace m1 --way salvage', '--replace needs --way replace'],
    ['restore run --plan p --replace m1 --confirm c', "'--plan <file>' cannot be used with"],
    ['restore plan --survivor m1', '--survivor needs --way salvage'],
    ['restore plan --way salvage --snapshot latest', '--way salvage takes no --snapshot and no --file'],
    ['restore plan --way replace --file f', '--way replace takes no --snapshot and no --file'],
    ['restore plan --way replace --no-bump', '--way replace moves no revisions'],
    ['restore plan --way replace --bump-revision 5', '--way replace moves no revisions'],
    ['restore plan --way replace --strategy all', '--way replace has no --strategy'],
    ['restore plan --way replace --initial-cluster-token t', '--way replace keeps the token'],
    ['restore plan --clone', '--clone needs --snapshot, --file or --way snapshot'],
    ['restore plan --attest-off m1', '--attest-off and --skip need --reason'],
    ['restore plan --skip P13', '--attest-off and --skip need --reason'],
    ['restore plan --skip P13 --reason ', '--reason must not be empty'],
    ['restore plan --skip everything --reason x', 'Checks are named P1 to P15 and Q1 to Q12.'],
    ['restore plan --reason x', '--reason is for --attest-off and --skip'],
    ['restore plan --members m1,,m2', 'A name in it is empty.'],
    ['restore plan --cluster-file ', '--cluster-file must not be empty'],
    ['restore plan --out ', '--out must not be empty'],
    ['restore plan --user root:hunter2', 'passwords are not taken from the command line'],
    ['restore run --plan p --way snapshot --confirm c', "'--way <way>'"],
    ['restore run --plan p --no-bump --confirm c', "'--no-bump'"],
    ['restore run --plan p --skip P1 --reason x --confirm c', "'--plan <file>' cannot be used with"],
    ['restore run --confirm ', '--confirm must not be empty'],
    ['restore discover --name a/b', '--name must be one word of letters, digits and . _ -'],
    ['restore resume', "missing required argument 'restore'"],
    ['restore abort', "missing required argument 'restore'"],
    ['restore rollback', "missing required argument 'restore'"],
    ['restore release', 'either a restore or --older-than is needed'],
    ['restore release latest --older-than 24h', 'either a restore or --older-than is needed'],
    ['restore release --older-than yesterday', 'It must be a time such as 90m, 24h or 7d.'],
  ])('%s', async (args, why) => {
    const ran = await cli(args);
    expect([ran.exit, ran.stdout]).toEqual([2, '']);
    expect(whyOf(ran)).toContain(why);
    expect(ran.stderr).not.toContain('hunter2');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('without a terminal and without --confirm', () => {
  test.each(['restore run', 'restore rollback latest', 'restore release latest'])('%s', async (args) => {
    const ran = await cli(args);
    expect([ran.exit, ran.stdout]).toEqual([20, '']);
    expect(whyOf(ran)).toBe("there is no terminal to ask on; --confirm takes the cluster's name");
    expect(await readdir(folder)).toEqual([]);
  });
});

test('a file that describes no cluster is refused with its line and field', async () => {
  await writeFile(join(folder, 'c.yaml'), 'apiVersion: holdfast.dev/v1\nkind: Cluster\n');
  const ran = await cli('restore plan --cluster-file c.yaml -o json');
  expect(ran.exit).toBe(78);
  expect(JSON.parse(ran.stderr)).toMatchObject({
    code: 'cluster-file-invalid',
    why: expect.stringMatching(/^line 2: kind: /),
    details: { path: join(folder, 'c.yaml'), line: 2 },
  });
});

test.each([
  ['--seed m9', '--seed names m9, and the cluster has m1, m2'],
  ['--survivor m9 --way salvage', '--survivor names m9, and the cluster has m1, m2'],
  ['--way replace --replace m1 --replace m9', '--replace names m9, and the cluster has m1, m2'],
  ['--members m1,m9', '--members names m9, and the cluster has m1, m2'],
  ['--attest-off m9 --reason x', '--attest-off names m9, and the cluster has m1, m2, api-1'],
  ['--members m1,api-1', '--members names api-1, and the cluster has m1, m2'],
  ['--seed api-1', '--seed names api-1, and the cluster has m1, m2'],
  ['--seed m1 --members m2', '--seed names m1, which is not among --members'],
  ['--attest-off m1 --reason x --members m1', '--attest-off names m1, which is to be of the new cluster'],
])('a name that is no member: %s', async (args, why) => {
  const description = {
    apiVersion: 'holdfast.dev/v1',
    kind: 'ClusterDescription',
    name: 'prod',
    members: [member('m1'), member('m2')],
    controlPlane: [{ name: 'api-1', component: 'kube-apiserver', urls: ['https://m1:6443'], run: apiUnit }],
  };
  await writeFile(join(folder, 'c.json'), JSON.stringify(description));
  const ran = await cli(`restore plan --cluster-file c.json ${args}`);
  expect([ran.exit, whyOf(ran)]).toEqual([2, why]);
});

test('a plan that is not there is said to be unreadable', async () => {
  const ran = await cli('restore run --plan gone.json --confirm prod');
  expect([ran.exit, ran.stderr.split('\n')[0]]).toEqual([
    1,
    `error: cannot read ${join(folder, 'gone.json')}`,
  ]);
});

/** Writes a plan whose hash is right, unless it is changed afterwards. */
async function writePlan(more: Partial<RestorePlan> = {}, changed: Partial<RestorePlan> = {}): Promise<void> {
  const plan = fixedPlan(more);
  const text = JSON.stringify({ ...plan, hash: planHash(plan), ...changed });
  await writeFile(join(folder, 'plan.json'), text);
}

describe('a plan from a file', () => {
  test('is shown by --dry-run as it is, and nothing is touched', async () => {
    await writePlan();
    const ran = await cli('restore run --plan plan.json --dry-run -o json');
    expect([ran.exit, ran.stderr]).toEqual([0, '']);
    expect(JSON.parse(ran.stdout)).toEqual(JSON.parse(await readFile(join(folder, 'plan.json'), 'utf8')));
    const text = (await cli('restore run --plan plan.json --dry-run')).stdout;
    expect(text).toContain('What is lost');
    expect(text).toContain(`holdfast restore run --plan ${join(folder, 'plan.json')}\n`);
    expect(await readdir(folder)).toEqual(['plan.json']);
  });

  test('is refused where one character of it was changed', async () => {
    await writePlan({}, { token: 'another' });
    const ran = await cli('restore run --plan plan.json --confirm prod');
    expect([ran.exit, whyOf(ran)]).toEqual([14, expect.stringContaining('was changed after it was made')]);
  });

  test('is refused where a check has failed, before anybody is asked', async () => {
    const failed = {
      id: 'P1',
      what: 'integrity',
      outcome: 'failed',
      detail: 'page 7',
      evidence: {},
    } as const;
    await writePlan({ checks: [failed] });
    const ran = await cli('restore run --plan plan.json --confirm prod');
    expect([ran.exit, whyOf(ran)]).toEqual([14, 'P1 integrity: page 7']);
    const shown = await cli('restore run --plan plan.json --dry-run');
    expect([shown.exit, shown.stdout.includes('holdfast restore run')]).toEqual([14, false]);
    expect(await readdir(folder)).toEqual(['plan.json']);
  });

  test('another name does not confirm it, given or typed', async () => {
    await writePlan();
    const given = await cli('restore run --plan plan.json --confirm other');
    expect([given.exit, whyOf(given)]).toEqual([20, '--confirm says "other", and the cluster is prod']);
    const typed = await cli('restore run --plan plan.json', { isTTY: true, typed: 'y' });
    expect([typed.exit, typed.stdout]).toEqual([20, '']);
    expect(typed.stderr).toContain(
      'This stops etcd on m1, m2 and puts its data aside. Nothing was touched yet.',
    );
    expect(typed.stderr).toContain('Type prod to go on: ');
    expect(await readdir(folder)).toEqual(['plan.json']);
  });
});

test('where nothing is left there is no plan, and no file', async () => {
  const gone = {
    ...member('m1'),
    clientUrls: ['http://127.0.0.1:1'],
    dataDir: join(folder, 'gone'),
    run: { driver: 'process', command: ['etcd'], logFile: join(folder, 'log') },
  };
  const description = {
    apiVersion: 'holdfast.dev/v1',
    kind: 'ClusterDescription',
    name: 'prod',
    members: [gone],
  };
  await writeFile(join(folder, 'c.json'), JSON.stringify(description));
  const ran = await cli('restore plan --cluster-file c.json --out plan.json -o json');
  expect(ran.exit).toBe(14);
  expect(JSON.parse(ran.stdout)).toMatchObject({
    kind: 'RestoreTriage',
    cluster: 'prod',
    verdict: 'nothing',
  });
  expect(JSON.parse(ran.stderr)).toMatchObject({ code: 'restore-impossible' });
  expect(await readdir(folder)).toEqual(['c.json']);
});

describe('journals', () => {
  test('none yet', async () => {
    const ran = await cli('restore status');
    expect([ran.exit, ran.stdout]).toEqual([0, 'No restore yet.\n']);
    expect(JSON.parse((await cli('restore status --json')).stdout)).toMatchObject({
      kind: 'RestoreList',
      items: [],
    });
  });

  test.each(['status latest', 'resume latest', 'abort latest', 'release latest --confirm c', 'status r-1'])(
    'restore %s tells that there is none',
    async (args) => {
      const ran = await cli(`restore ${args} -o json`);
      expect(ran.exit).toBe(1);
      expect(JSON.parse(ran.stderr)).toMatchObject({ code: 'restore-missing' });
    },
  );

  test.each([
    ['failure', 1, 'restore-rolled-back'],
    ['abort', 0, undefined],
    ['rollback', 0, undefined],
  ])('one that goes back because of a %s is resumed, with exit status %i', async (by, exit, code) => {
    const run: HostDescription = { driver: 'process', command: ['etcd'], environment: {}, logFile: '/l' };
    const m1 = memberSeen('m1', {}, { dataDir: join(folder, 'none'), run });
    const plan = fixedPlan({ members: [m1], skips: [], checks: [] });
    const evidence = { why: 'm1 does not stop', by };
    await writeJournal(join(folder, 'state'), plan, [{ event: 'opened' }, { event: 'back', evidence }]);
    const ran = await cli(`restore resume ${plan.id} -o json`, { clock: systemClock });
    expect(ran.exit).toBe(exit);
    expect(JSON.parse(ran.stdout)).toMatchObject({ outcome: 'rolled-back', why: 'm1 does not stop' });
    const failure: unknown = ran.stderr === '' ? {} : JSON.parse(ran.stderr);
    expect(failure).toMatchObject(code === undefined ? {} : { code, why: 'm1 does not stop' });
  });

  test('one that a later restore stands on is not offered to be rolled back, and that one is named', async () => {
    const [older, later] = [fixedPlan(), fixedPlan({ id: 'r-20261120t101500z-d4e5f6' })];
    for (const [order, plan] of [older, later].entries()) {
      const steps = plan.steps.map(({ number: step }) => ({ event: 'done', step }) as const);
      const opened = { event: 'opened', evidence: { order: order + 1 } } as const;
      await writeJournal(join(folder, 'state'), plan, [opened, ...steps, { event: 'finished' }]);
    }
    const { items } = JSON.parse((await cli('restore status -o json')).stdout);
    const commands = items.map((item: { next: { command: string }[] }) =>
      item.next.map(({ command }) => command.split(' ').slice(2, 4).join(' ')),
    );
    expect(commands).toEqual([
      [`rollback ${later.id}`, `release ${later.id}`],
      [`release ${older.id}`, `status ${later.id}`],
    ]);
    expect((await cli(`restore status ${older.id}`)).stdout).toContain(
      `holdfast restore status ${later.id}\n`,
    );
    expect((await cli(`restore status ${older.id}`)).stdout).not.toContain('rollback');
  });

  test('nothing is old enough to be released', async () => {
    const ran = await cli('restore release --older-than 24h --confirm prod');
    expect([ran.exit, ran.stdout]).toEqual([0, 'Nothing was old enough.\n']);
  });
});
