import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '@holdfast/base';
import type { StepKind } from '@holdfast/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { localNode } from './local-node.ts';
import { testContext, testId, testMember, testPlan, TestRestore } from './steps/test-restore.ts';

const fixture = new URL('../../../test/fixtures/snapshots/etcd-3.6.16.db.gz', import.meta.url);
const firstLog = `${'0'.repeat(16)}-${'0'.repeat(16)}.wal`;

let root: string;
let data: string;
let log: string;
let snapshot: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-node-'));
  data = join(root, 'data');
  log = join(root, 'log');
  snapshot = join(root, 'snapshot.db');
  writeFileSync(snapshot, gunzipSync(readFileSync(fixture)));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Old data, which is only moved in these tests; with a log outside where `log` is there. */
function oldData(): void {
  mkdirSync(join(data, 'member/snap'), { recursive: true });
  writeFileSync(join(data, 'member/snap/db'), 'old');
  writeFileSync(join(data, 'notes'), 'of somebody');
}

function oldLog(): void {
  mkdirSync(log);
  writeFileSync(join(log, firstLog), 'old log');
  writeFileSync(join(log, '1.tmp'), '');
}

function restore(options: Parameters<typeof testMember>[1] = {}, plan = {}): TestRestore {
  const member = testMember(root, options);
  return new TestRestore(testPlan([member], snapshot, plan), member);
}

function list(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted();
}

const there: readonly StepKind[] = ['lock', 'fetch', 'stop', 'keep', 'stage', 'place'];
const back = there.toReversed();

test('old data is put aside, new data takes its place, and undone it is all as before', async () => {
  oldData();
  const before = list();
  const made = restore();
  await made.perform(there);
  expect(readdirSync(data).toSorted()).toEqual([
    'holdfast-restore.json',
    'member',
    `member.pre-${testId}`,
    'notes',
  ]);
  expect(readdirSync(join(data, 'member')).toSorted()).toEqual(['snap', 'wal']);
  expect(made.found.stage).toMatchObject({ revision: 1061, members: 1 });
  await made.undo(back);
  expect(list()).toEqual(before);
  expect(readFileSync(join(data, 'member/snap/db'), 'utf8')).toBe('old');
});

test('the same with a log elsewhere, which gets its name last and goes back', async () => {
  oldData();
  oldLog();
  const before = list();
  const made = restore({ walDir: log });
  await made.perform(there);
  expect(readdirSync(log).toSorted()).toEqual([firstLog, `pre-${testId}`]);
  expect(statSync(join(log, firstLog)).nlink).toBe(1);
  expect(readdirSync(join(log, `pre-${testId}`)).toSorted()).toEqual([firstLog, '1.tmp']);
  await made.undo(back);
  expect(list()).toEqual(before);
  expect(readFileSync(join(log, firstLog), 'utf8')).toBe('old log');
});

test('every step done twice, and undone twice, is as if once', async () => {
  oldData();
  oldLog();
  const before = list();
  const made = restore({ walDir: log });
  for (const kind of there) {
    const first = await made.perform([kind]);
    const again = await made.perform([kind]);
    const { received: _, uid: __, gid: ___, labels: ____, ...same } = first;
    expect(again).toMatchObject(same);
  }
  for (const kind of back) await made.undo([kind, kind]);
  expect(list()).toEqual(before);
});

test('a data directory that was not there is made, and does not stay when all is undone', async () => {
  const made = restore({ dataDir: join(root, 'a/b/data'), walDir: join(root, 'a/w/log') });
  await made.perform(there);
  expect(made.found.lock).toMatchObject({ madeDataDir: true, hadMember: false, wasRunning: false });
  expect(statSync(join(root, 'a/b/data')).mode & 0o777).toBe(0o700);
  await made.undo(back);
  expect(list()).toEqual(['snapshot.db']);
  await made.perform(['lock']);
  writeFileSync(join(root, 'a/b/other'), '');
  await made.undo(['lock']);
  expect(list()).toEqual(['a', 'a/b', 'a/b/other', 'snapshot.db']);
});

test('a step that was never begun can be undone', async () => {
  oldData();
  const before = list();
  const made = restore();
  await made.undo(['lock']);
  await made.perform(['lock']);
  await made.undo(['stage', 'keep', 'stop', 'fetch', 'lock']);
  expect(list()).toEqual(before);
});

test('another restore is told who holds the data, and nothing is touched', async () => {
  oldData();
  await restore().perform(['lock']);
  const other = restore({}, { id: 'r-20260101t000000z-ffffff' });
  const holds = {
    code: 'restore-held',
    details: { path: join(data, 'holdfast-restore.json'), id: testId },
    why: expect.stringMatching(/^tester@here began that restore at \d{4}-/) as string,
  };
  await expect(other.perform(['lock'])).rejects.toMatchObject(holds);
  await expect(other.perform(['keep'])).rejects.toMatchObject(holds);
  await other.undo(['lock']);
  expect(readdirSync(data)).toContain('holdfast-restore.json');
  await restore().undo(['lock']);
  await expect(other.perform(['keep'])).rejects.toMatchObject({ code: 'node-failed' });
});

test('a member of another machine, and one whose directory another member has, are left alone', async () => {
  oldData();
  const before = list();
  const elsewhere = restore({ peerUrls: ['http://224.0.0.1:2380'] });
  await expect(elsewhere.perform(['lock'])).rejects.toMatchObject({
    code: 'node-failed',
    why: expect.stringContaining('another machine') as string,
  });
  await expect(localNode(systemClock).observe(elsewhere.member, testContext)).rejects.toMatchObject({
    code: 'node-failed',
  });
  expect(list()).toEqual(before);
  const first = restore();
  await first.perform(['lock']);
  const second = restore({ name: 'm2' });
  await expect(second.perform(['lock'])).rejects.toMatchObject({
    why: `${data} is the data directory of member m1 too`,
  });
  await second.undo(['lock']);
  expect(readdirSync(data)).toContain('holdfast-restore.json');
  await first.undo(['lock']);
  expect(list()).toEqual(before);
});

test('while barred, `member` is a file that tells why', async () => {
  oldData();
  await restore().perform(['lock', 'keep']);
  const bar = join(data, 'member');
  expect(statSync(bar).mode & 0o777).toBe(0o400);
  expect(readFileSync(bar, 'utf8')).toContain(testId);
});

test('what somebody else has put there is never overwritten or removed', async () => {
  oldData();
  const made = restore();
  await made.perform(['lock', 'fetch', 'keep', 'stage']);
  rmSync(join(data, 'member'));
  mkdirSync(join(data, 'member'));
  writeFileSync(join(data, 'member/precious'), '');
  const refused = { code: 'node-failed', details: { member: 'm1' } };
  for (const kind of ['keep', 'place'] as const) {
    await expect(made.perform([kind])).rejects.toMatchObject(refused);
    await expect(made.undo([kind])).rejects.toMatchObject(refused);
  }
  expect(readdirSync(join(data, 'member'))).toEqual(['precious']);
  expect(readFileSync(join(data, `member.pre-${testId}/snap/db`), 'utf8')).toBe('old');
});

test('old data that has gone is told of, not passed over', async () => {
  oldData();
  const made = restore();
  await made.perform(['lock', 'keep']);
  rmSync(join(data, `member.pre-${testId}`), { recursive: true });
  await expect(made.undo(['keep'])).rejects.toMatchObject({ code: 'node-failed' });
  await expect(made.perform(['keep'])).rejects.toMatchObject({ code: 'node-failed' });
});

async function* open(): AsyncIterable<Uint8Array> {
  yield Buffer.alloc(10);
}

test('a snapshot that arrives damaged is refused, and one that is there already is not asked for', async () => {
  oldData();
  const made = restore();
  await made.perform(['lock']);
  const { artefact } = made.order('fetch');
  await expect(made.perform(['fetch'], { artefact: { ...artefact!, open } })).rejects.toMatchObject({
    code: 'node-failed',
  });
  expect(readdirSync(join(data, `holdfast-${testId}`))).toEqual([]);
  await made.perform(['fetch']);
  expect(await made.perform(['fetch'], { artefact: { ...artefact!, open } })).toMatchObject({
    received: false,
  });
  expect(statSync(join(data, `holdfast-${testId}/artefact.db`)).mode & 0o777).toBe(0o600);
  await expect(made.perform(['fetch'], { artefact: { ...artefact!, size: 2 ** 60 } })).rejects.toMatchObject({
    code: 'not-enough-space',
  });
});

test.each([
  ['revision', { expected: { clusterId: null, revision: 7 } }],
  ['cluster', { expected: { clusterId: '00000000000000aa', revision: null } }],
  ['token', { token: null }],
])('data is not staged that has not the %s of the plan', async (_, plan) => {
  const made = restore({}, plan);
  await made.perform(['lock', 'fetch', 'keep']);
  await expect(made.perform(['stage'])).rejects.toMatchObject({ code: 'node-failed' });
  await expect(made.perform(['place'])).rejects.toMatchObject({ code: 'node-failed' });
});

test('a finished restore that is rolled back keeps what the new cluster took in, until it is released', async () => {
  oldData();
  oldLog();
  const before = list();
  const made = restore({ walDir: log });
  await made.perform([...there, 'unlock']);
  expect(existsSync(join(data, 'holdfast-restore.json'))).toBe(false);
  await made.undo(['unlock', ...back], { keepNew: true });
  expect(existsSync(join(data, `member.undone-${testId}/snap/db`))).toBe(true);
  expect(readdirSync(log).toSorted()).toEqual([firstLog, '1.tmp', `undone-${testId}`]);
  expect(readFileSync(join(data, 'member/snap/db'), 'utf8')).toBe('old');
  expect(await made.release()).toEqual([
    join(data, `member.undone-${testId}`),
    join(log, `undone-${testId}`),
  ]);
  expect(list()).toEqual(before);
});

test('what has come into the place of the new data is not put aside as such', async () => {
  oldData();
  const made = restore();
  await made.perform([...there, 'unlock']);
  rmSync(join(data, 'member'), { recursive: true });
  mkdirSync(join(data, 'member/snap'), { recursive: true });
  await made.undo(['unlock']);
  await expect(made.undo(['place'], { keepNew: true })).rejects.toMatchObject({
    code: 'node-failed',
    why: expect.stringContaining('not what this restore has put there') as string,
  });
  expect(readdirSync(join(data, 'member'))).toEqual(['snap']);
});

test('only what is not needed any more is released', async () => {
  oldData();
  const made = restore();
  await made.perform(there);
  await expect(made.release()).rejects.toMatchObject({ code: 'restore-state' });
  await made.perform(['unlock']);
  rmSync(join(data, 'member'), { recursive: true });
  await expect(made.release()).rejects.toMatchObject({ code: 'node-failed' });
  mkdirSync(join(data, 'member'));
  expect(await made.release()).toEqual([join(data, `member.pre-${testId}`)]);
  expect(await made.release()).toEqual([]);
  expect(readdirSync(data).toSorted()).toEqual(['member', 'notes']);
});

test('the log of a member that joins is kept beside its folder, which the new etcd removes', async () => {
  oldData();
  oldLog();
  const before = list();
  const made = restore({ walDir: log }, { way: 'replace' });
  await made.perform(['lock', 'keep']);
  expect(readdirSync(log)).toEqual([]);
  expect(readdirSync(`${log}.pre-${testId}`).toSorted()).toEqual([firstLog, '1.tmp']);
  await made.undo(['keep', 'lock']);
  expect(list()).toEqual(before);
  mkdirSync(join(log, 'pre-r-20250101t000000z-aaaaaa'));
  await expect(made.perform(['lock'])).rejects.toMatchObject({ code: 'node-failed' });
});

test('a log that cannot be put aside by itself is refused before anything is done', async () => {
  oldData();
  for (const walDir of [join(data, 'member/snap'), data, root]) {
    await expect(restore({ walDir }).perform(['lock'])).rejects.toMatchObject({
      code: 'cluster-file-invalid',
    });
  }
  expect(readdirSync(data).toSorted()).toEqual(['member', 'notes']);
});

test('what lies in the folder of a log and is no log is not put aside with it: it is refused', async () => {
  oldData();
  oldLog();
  writeFileSync(join(log, 'backups.tar'), 'of somebody');
  const before = list();
  await expect(restore({ walDir: log }).perform(['lock'])).rejects.toMatchObject({
    code: 'node-failed',
    why: expect.stringContaining('backups.tar') as string,
  });
  expect(list()).toEqual(before);
});

test('a restore that was carried out before is not carried out again', async () => {
  oldData();
  const made = restore();
  await made.perform([...there, 'unlock']);
  const before = list();
  await expect(new TestRestore(made.plan, made.member).perform(['lock'])).rejects.toMatchObject({
    code: 'node-failed',
    why: expect.stringContaining('before') as string,
  });
  expect(list()).toEqual(before);
});

test.skipIf(process.getuid?.() !== 0)('the bar of an earlier restore says nothing of an owner', async () => {
  mkdirSync(data);
  chownSync(data, 4321, 1234);
  writeFileSync(join(data, 'member'), 'barred by another restore', { mode: 0o400 });
  const made = restore();
  await made.perform(there);
  const { uid, gid } = statSync(join(data, 'member'));
  expect([uid, gid]).toEqual([4321, 1234]);
});

test.skipIf(process.getuid?.() !== 0)('new data belongs to whom the old belonged', async () => {
  oldData();
  oldLog();
  for (const path of ['', 'member', 'member/snap', 'member/snap/db']) chownSync(join(data, path), 4321, 1234);
  chmodSync(join(data, 'member'), 0o750);
  chownSync(log, 4321, 1234);
  const made = restore({ walDir: log });
  expect(await made.perform(there)).toMatchObject({ uid: 4321, gid: 1234 });
  for (const path of [join(data, 'member'), join(data, 'member/snap/db'), join(log, firstLog)]) {
    const { uid, gid } = statSync(path);
    expect([path, uid, gid]).toEqual([path, 4321, 1234]);
  }
  expect(statSync(join(data, 'member')).mode & 0o777).toBe(0o750);
});

test('looking changes nothing, and tells of a bar that there is no data', async () => {
  oldData();
  const node = localNode(systemClock);
  const member = testMember(root);
  expect(await node.observe(member, testContext)).toMatchObject({ running: false, data: 'damaged' });
  await restore().perform(['lock', 'keep']);
  expect(await node.observe(member, testContext)).toMatchObject({ data: 'absent', answers: false });
});

test('a step that is stopped throws the reason of that', async () => {
  oldData();
  const made = restore();
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  await expect(localNode(systemClock).perform(made.order('lock'), { ...testContext, signal })).rejects.toBe(
    reason,
  );
});
