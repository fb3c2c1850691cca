import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock, type Failure } from '@holdfast/base';
import type { WrittenPolicy } from '@holdfast/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdFolder } from '../process-lock.ts';
import { changePolicy } from './change.ts';
import { readPolicyFile } from './read.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-policies-'));
  path = join(folder, 'policies.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

const now = new Date('2026-11-20T09:14:07Z');
const clock: Clock = { ...systemClock, now: () => now };
const sound: WrittenPolicy = {
  name: 'main',
  schedule: { cron: '0 */5 * * *' },
  targets: [{ repository: '/backup' }],
  retention: { last: 5 },
};
const head = 'apiVersion: holdfast.dev/v1\nkind: Policies\npolicies:\n';
const commented = `# Ours.
${head}  # The cluster that earns the money.
  - name: main
    schedule: { cron: '0 */5 * * *' } # as the documents say
    targets:
      - repository: offsite # in the other town
      - repository: /backup
    retention:
      last: 5
  - name: other # not ours
    schedule: null
    targets: [ { repository: /backup } ]
    retention: {}
`;

async function refusal(promise: Promise<unknown>): Promise<string> {
  const failure = await promise.then(
    () => undefined,
    (error: unknown) => error as Failure,
  );
  return `${failure?.code}: ${failure?.why}`;
}

test('a policy is put into a file that is made for it, for this user only', async () => {
  const below = join(folder, 'new', 'policies.yaml');
  const policy = await changePolicy(below, 'main', () => sound, clock);
  expect(policy).toMatchObject({ name: 'main', catchUp: true, retention: { scope: 'cluster' } });
  expect(await readPolicyFile(below, now)).toEqual([policy]);
  expect(statSync(below).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, 'new'))).toEqual(['policies.yaml']);
  expect(readFileSync(below, 'utf8')).toContain('\n  - name: main\n');
});

test('a change keeps comments, order, and what it is not about', async () => {
  writeFileSync(path, commented);
  await changePolicy(
    path,
    'main',
    (before) => ({
      ...before!,
      retention: { last: 9 },
      rpo: '1d',
      targets: [...before!.targets, { repository: '/third' }],
    }),
    clock,
  );
  expect(readFileSync(path, 'utf8')).toBe(
    commented
      .replace('last: 5', 'last: 9\n    rpo: 1d')
      .replace('      - repository: /backup\n', '      - repository: /backup\n      - repository: /third\n'),
  );
});

test('a repository that moves in its list, or goes, takes along what is written beside it and nothing else', async () => {
  const targets =
    '      - repository: offsite # in the other town\n      - repository: /backup # in the cellar\n';
  writeFileSync(
    path,
    `${head}  - name: main\n    schedule: null\n    targets:\n${targets}    retention: {}\n`,
  );
  const backup = { repository: '/backup', required: false };
  const offsite = { repository: 'offsite' };
  await changePolicy(path, 'main', (one) => ({ ...one!, targets: [backup, offsite] }), clock);
  expect(readFileSync(path, 'utf8')).toContain(
    `    targets:
      - repository: /backup # in the cellar
        required: false
      - repository: offsite # in the other town
`,
  );
  await changePolicy(path, 'main', (one) => ({ ...one!, targets: [offsite] }), clock);
  expect(readFileSync(path, 'utf8')).toContain(
    '    targets:\n      - repository: offsite # in the other town\n    retention: {}\n',
  );
});

test('a file that others may read stays one', async () => {
  writeFileSync(path, commented);
  chmodSync(path, 0o640);
  const before = statSync(path);
  await changePolicy(path, 'main', (one) => ({ ...one!, rpo: '1d' }), clock);
  const { mode, uid, gid } = statSync(path);
  expect([mode & 0o777, uid, gid]).toEqual([0o640, before.uid, before.gid]);
});

test.runIf(process.getuid?.() === 0)('it stays that of its user', async () => {
  writeFileSync(path, commented);
  chownSync(path, 1234, 4321);
  await changePolicy(path, 'main', (one) => ({ ...one!, rpo: '1d' }), clock);
  const { mode, uid, gid } = statSync(path);
  expect([mode & 0o777, uid, gid]).toEqual([0o644, 1234, 4321]);
});

test('what is taken away goes, and nothing is written where nothing changes', async () => {
  writeFileSync(path, commented);
  await changePolicy(path, 'main', (before) => before, clock);
  expect(readFileSync(path, 'utf8')).toBe(commented);
  await changePolicy(path, 'main', () => undefined, clock);
  expect(readFileSync(path, 'utf8')).toContain('# not ours');
  expect((await readPolicyFile(path, now)).map(({ name }) => name)).toEqual(['other']);
});

test('a link stays one, and what it points at is changed', async () => {
  const target = join(folder, 'real.yaml');
  writeFileSync(target, commented);
  symlinkSync(target, path);
  await changePolicy(path, 'main', (before) => ({ ...before!, rpo: '1d' }), clock);
  expect(readFileSync(target, 'utf8')).toContain('rpo: 1d');
});

test('of writers at the same time each has its change in the file', async () => {
  const names = Array.from({ length: 8 }, (_, i) => `policy-${i}`);
  await Promise.all(names.map((name) => changePolicy(path, name, () => ({ ...sound, name }), clock)));
  const found = (await readPolicyFile(path, now)).map(({ name }) => name);
  expect(found.toSorted()).toEqual(names);
  expect(readdirSync(folder)).toEqual(['policies.yaml']);
});

test('another process at work is waited for, and named when it does not end', async () => {
  const release = await holdFolder(folder);
  const impatient: Clock = { ...clock, sleep: async () => {} };
  const told = await refusal(changePolicy(path, 'main', () => sound, impatient));
  expect(told).toMatch(/^policy-busy: process \d+ on .* holds /);
  const sleeping: Clock = { ...clock, sleep: async () => (release as () => Promise<void>)() };
  expect(await changePolicy(path, 'main', () => sound, sleeping)).toMatchObject({ name: 'main' });
});

const main = '  - name: main\n    schedule: null\n    targets: [{ repository: /b }]\n    retention: {}\n';
test.each([
  ['not YAML', `${head}  - name: [\n`, /^line \d: /],
  [
    'a field that is not there',
    `${head}${main}    shedule: null\n`,
    'line 8: policies.main.shedule: there is no such field',
  ],
  [
    'a field that is missing',
    `${head}  - name: main\n    schedule: null\n`,
    'line 4: policies.main.targets: it is missing',
  ],
  ['two of one name', `${head}${main}${main}`, 'line 8: policies.main.name: another policy has this name'],
  [
    'a time that never comes',
    `${head}${main.replace('null', '\n      cron: 0 0 31 2 *')}`,
    'line 6: policies.main.schedule: the cron line "0 0 31 2 *" names a day that no year has',
  ],
  [
    'a schedule of both kinds',
    `${head}${main.replace('null', '{ cron: 0 0 * * *, intervalHours: 3 }')}`,
    'line 5: policies.main.schedule: a schedule has either cron, and timeZone if it is not UTC, or intervalHours, a number above 0',
  ],
  [
    'years',
    `${head}${main.replace('{}', '{ within: 1y }')}`,
    /^line 7: policies.main.retention.within: a length of time/,
  ],
  ['no file of policies', 'policies: []\n', 'line 1: apiVersion: Invalid input: expected "holdfast.dev/v1"'],
  ['nothing', '', /^line 1: the file: /],
  ['a twin by key', `${head}${main}    retention: {}\n`, /^line 8: /],
])('a file with %s is refused with the line, and stays as it is', async (_, text, why) => {
  writeFileSync(path, text);
  const told = await refusal(readPolicyFile(path, now));
  if (typeof why === 'string') expect(told).toBe(`policy-invalid: ${why}`);
  else expect(told.slice('policy-invalid: '.length)).toMatch(why);
  expect(await refusal(changePolicy(path, 'new', () => sound, clock))).toBe(told);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('a policy that would not be valid is refused, and nothing is written', async () => {
  writeFileSync(path, commented);
  const wish = { ...sound, rpo: '1h' };
  expect(await refusal(changePolicy(path, 'main', () => wish, clock))).toBe(
    "policy-refused: policies.main.rpo: an rpo of 1h is shorter than the schedule's longest gap, 5h",
  );
  expect(readFileSync(path, 'utf8')).toBe(commented);
});

test('policies that share a part by an alias are not changed apart', async () => {
  const shared = `${head}${main.replace('{}', '&kept { last: 5 }')}${main.replace('main', 'twin').replace('{}', '*kept')}`;
  writeFileSync(path, shared);
  expect(
    await refusal(changePolicy(path, 'main', (one) => ({ ...one!, retention: { last: 9 } }), clock)),
  ).toMatch(/^policy-refused: it shares a part with another policy by a YAML alias/);
  expect(await refusal(changePolicy(path, 'main', () => undefined, clock))).toMatch(
    /^policy-refused: it shares a part with another policy by a YAML alias/,
  );
  expect(readFileSync(path, 'utf8')).toBe(shared);
});

test('a file that is not there is told as that', async () => {
  expect(await refusal(readPolicyFile(path, now))).toBe('policy-file-missing: no such file');
});
