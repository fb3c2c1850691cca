import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdfast, type Ran } from '../testing/io.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-policy-'));
  file = join(folder, 'policies.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function policy(...args: string[]): Promise<Ran> {
  const { exit, stdout, stderr } = await holdfast(['policy', ...args], {
    cwd: folder,
    home: folder,
    env: { HOLDFAST_POLICY_FILE: file },
  });
  const plain = (text: string): string => text.replaceAll(folder, 'FOLDER');
  return { exit, stdout: plain(stdout), stderr: plain(stderr) };
}

/** What stands in the file, as machines get it. */
async function stored(name: string): Promise<Record<string, unknown>> {
  return JSON.parse((await policy('show', name, '--json')).stdout) as Record<string, unknown>;
}

test('where nobody has made a policy there is none, and nothing is wrong', async () => {
  expect(await policy('show')).toEqual({
    exit: 0,
    stdout: 'There is no policy in FOLDER/policies.yaml.\n',
    stderr: '',
  });
  expect(await policy('show', 'main')).toMatchObject({ exit: 78 });
  expect(await policy('pause', 'main', '--reason', 'x')).toMatchObject({ exit: 78 });
});

test('a preset is shown with its next runs in its zone, what it keeps and what it promises', async () => {
  const set = ['set', 'main', '--preset', 'production', '--repo', 'r', '--best-effort', 's3://bucket/x'];
  expect((await policy(...set, '--time-zone', 'Europe/Berlin')).exit).toBe(0);
  expect((await policy('show', 'main')).stdout).toBe(`main in FOLDER/policies.yaml
  schedule       12 */6 * * * (Europe/Berlin)
  next           2026-11-20 12:12:00 +01:00
                 2026-11-20 18:12:00 +01:00
                 2026-11-21 00:12:00 +01:00
  put off        by up to 5m, on each node by as much always
  missed runs    are made up for, once
  longest gap    7h
  rpo            14h
  keeps          all of 7d; one for each of 31 days, 13 weeks, 6 months; of the cluster; never less than 4
  repositories   FOLDER/r, s3://bucket/x (if possible)
  check          42 3 * * 0 (Europe/Berlin)
  drill          42 4 1 * * (Europe/Berlin)
`);
});

test('a policy that says nothing is that of the documents; rules that are named take the place of the five newest', async () => {
  await policy('set', 'plain', '--repo', '/backup');
  expect(await stored('plain')).toMatchObject({
    schedule: { cron: '0 */5 * * *', timeZone: 'UTC' },
    retention: { last: 5, scope: 'cluster' },
    rpoSeconds: 36_000,
  });
  await policy('set', 'daily', '--repo', '/backup', '--keep-daily', '7', '--keep-scope', 'node');
  const { retention } = await stored('daily');
  expect(retention).toEqual({ daily: 7, scope: 'node', timeZone: 'UTC', minimum: 1 });
  expect((await policy('show')).stdout).toMatch(
    /^NAME +SCHEDULE +NEXT +KEEPS +REPOSITORIES\nplain +0 \*\/5 \* \* \* \(UTC\) +2026-11-20 10:00:00 Z +the newest 5; of the cluster +\/backup\ndaily .* one for each of 7 days; of each node +\/backup\n$/,
  );
  expect((await policy('show', '-q')).stdout).toBe('plain\ndaily\n');
});

test('setting a policy that is there changes what is given, and nothing else', async () => {
  await policy(
    'set',
    'main',
    '--preset',
    'critical',
    '--repo',
    '/a',
    '--repo',
    '/b',
    '--time-zone',
    'Asia/Kolkata',
  );
  const before = await stored('main');
  await policy('set', 'main', '--keep-yearly', '3', '--keep-weekly', 'none', '--max-bytes', '1000000');
  const { weekly: _, ...kept } = before['retention'] as Record<string, unknown>;
  expect(await stored('main')).toEqual({
    ...before,
    retention: { ...kept, yearly: 3, maxBytes: 1_000_000 },
  });
  await policy('set', 'main', '--check-cron', 'none', '--drill-cron', '0 5 * * 6', '--jitter', 'none');
  await policy('set', 'main', '--interval-hours', '0.5', '--no-catch-up', '--rpo', '2h', '--minimum', '2');
  expect(await stored('main')).toMatchObject({
    schedule: { intervalHours: 0.5 },
    check: null,
    drill: { cron: '0 5 * * 6', timeZone: 'Asia/Kolkata' },
    jitterSeconds: 0,
    catchUp: false,
    rpoSeconds: 7200,
    next: [],
  });
  await policy(
    'set',
    'main',
    '--repo',
    '/b',
    '--best-effort',
    '/c',
    '--catch-up',
    '--rpo',
    'none',
    '--cluster',
    'prod',
  );
  expect(await stored('main')).toMatchObject({
    cluster: 'prod',
    catchUp: true,
    rpoSeconds: 3600,
    targets: [
      { repository: '/b', required: true },
      { repository: '/c', required: false },
    ],
  });
  expect((await policy('set', 'main', '--cron', 'none')).stdout).toContain('when somebody asks');
});

test('the promise of a preset is about its own schedule', async () => {
  await policy('set', 'slow', '--preset', 'production', '--cron', '0 1 * * *', '--repo', '/a');
  expect(await stored('slow')).toMatchObject({ longestGapSeconds: 86_400, rpoSeconds: 172_800 });
});

test('the repositories of the configuration are those of a policy that names none', async () => {
  mkdirSync(join(folder, '.config', 'holdfast'), { recursive: true });
  writeFileSync(
    join(folder, '.config', 'holdfast', 'config.yaml'),
    'repositories:\n  near: { path: /near }\n  far: { path: /far, required: false }\n',
  );
  await policy('set', 'main');
  expect(await stored('main')).toMatchObject({
    targets: [
      { repository: 'near', required: true },
      { repository: 'far', required: false },
    ],
  });
});

test('a pause says why and until when, and ends by itself or when somebody says so', async () => {
  await policy('set', 'main', '--repo', '/a');
  const paused = await policy('pause', 'main', '--reason', 'upgrade to 1.34', '--for', '2h', '--utc');
  expect(paused.stdout).toContain(
    'paused         since 2026-11-20 09:14:07 Z until 2026-11-20 11:14:07 Z: upgrade to 1.34\n',
  );
  expect((await policy('show')).stdout).toContain('paused');
  expect(await stored('main')).toMatchObject({ paused: true });
  await policy('pause', 'main', '--reason', 'longer', '--until', '2026-11-21T00:00:00+01:00');
  expect(await stored('main')).toMatchObject({
    pause: { until: '2026-11-20T23:00:00.000Z', reason: 'longer' },
  });
  await policy('pause', 'main', '--reason', 'for now');
  expect(await stored('main')).toMatchObject({ pause: { until: null } });
  expect((await policy('resume', 'main')).stdout).toMatch(/^resumed main in /);
  expect(await stored('main')).toMatchObject({ pause: null, paused: false });
  expect((await policy('resume', 'main')).exit).toBe(0);
});

test('a pause that goes on is one pause, and one after another that has ended is its own', async () => {
  await policy('set', 'main', '--repo', '/a');
  const paused = async (until: string | null): Promise<unknown> => {
    const pause = { since: '2026-11-17T00:00:00.000Z', until, reason: 'before' };
    const file = join(folder, 'policies.yaml');
    const text = readFileSync(file, 'utf8').replace(/\n +pause:[^]*/, '\n');
    writeFileSync(file, `${text}    pause: ${JSON.stringify(pause)}\n`);
    await policy('pause', 'main', '--reason', 'longer', '--for', '2h');
    return stored('main');
  };
  const longer = { reason: 'longer', until: '2026-11-20T11:14:07.000Z' };
  expect(await paused(null)).toMatchObject({ pause: { ...longer, since: '2026-11-17T00:00:00.000Z' } });
  expect(await paused('2026-11-19T00:00:00Z')).toMatchObject({
    pause: { ...longer, since: '2026-11-20T09:14:07.000Z' },
  });
});

test.each([
  ['--until', '2027-02-30T00:00:00Z'],
  ['--until', '2027-02-20T25:00:00Z'],
  ['--for', '999999999w'],
])('a pause with %s %s is refused', async (flag, value) => {
  await policy('set', 'main', '--repo', '/a');
  expect(await policy('pause', 'main', '--reason', 'x', flag, value)).toMatchObject({ exit: 2 });
});

test('a policy is removed after a question, and its name is exact', async () => {
  await policy('set', 'main', '--repo', '/a');
  expect((await policy('remove', 'main')).exit).toBe(20);
  expect((await policy('remove', 'mai', '--yes')).stderr).toContain('there is no policy mai in FOLDER');
  expect((await policy('remove', 'main', '--yes')).stdout).toBe('Removed main from FOLDER/policies.yaml\n');
  expect((await policy('show', '-q')).stdout).toBe('');
});

test.each([
  [['--cron', '0 25 * * *'], 'the cron line "0 25 * * *" cannot be read'],
  [['--cron', '0 0 31 2 *'], 'names a day that no year has'],
  [['--time-zone', 'Mars'], '"Mars" is no time zone'],
  [['--interval-hours', 'x'], '--interval-hours is "x"'],
  [['--interval-hours', '1', '--cron', '@daily'], 'cannot be used with'],
  [['--jitter', '2h'], 'a run is put off by an hour at most'],
  [['--jitter', 'x'], 'must be a length of time'],
  [['--keep-last', '0'], 'whole number from 1 on'],
  [['--keep-within', '1y'], 'must be a length of time'],
  [['--keep-scope', 'all'], 'Allowed choices are node, cluster, repository'],
  [['--max-bytes', '1G'], 'whole number from 1 on'],
  [['--minimum', '0'], 'whole number from 1 on'],
  [['--check-cron', '* *'], 'has 2 fields where a cron line has five'],
  [['--drill-cron', 'x'], 'has 1 field where a cron line has five'],
  [['--rpo', '1h'], "shorter than the schedule's longest gap, 5h"],
  [['--preset', 'prod'], 'Allowed choices are production, critical, development'],
  [['--best-effort', 's3:/x'], '--best-effort: "s3:/x" is no address'],
  [['--repo', 'ftp://x'], 'is no place for a repository'],
])('what is wrong with %j is said, and nothing is written', async (flags, why) => {
  const where = flags[0] === '--repo' ? [] : ['--repo', '/a'];
  const { exit, stderr } = await policy('set', 'bad', ...where, ...flags);
  expect([exit, stderr]).toEqual([2, expect.stringContaining(why)]);
  expect((await policy('show', '-q')).stdout).toBe('');
});

test('a broken file is refused with its line by all that read it, and left as it is', async () => {
  const text = 'apiVersion: holdfast.dev/v1\nkind: Policies\npolicies:\n  - nam: main\n';
  writeFileSync(file, text);
  for (const args of [
    ['show'],
    ['set', 'main', '--repo', '/a'],
    ['remove', 'main', '--yes'],
    ['resume', 'main'],
  ]) {
    const { exit, stderr } = await policy(...args);
    expect([args[0], exit]).toEqual([args[0], 78]);
    expect(stderr).toContain('the policy file FOLDER/policies.yaml is not valid\n  why:  line 4: ');
  }
  expect(readFileSync(file, 'utf8')).toBe(text);
});
