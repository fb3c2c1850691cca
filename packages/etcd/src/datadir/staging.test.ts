import {
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
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkTarget, Staging, type Target } from './staging.ts';

let root: string;
let target: Target;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-staging-'));
  target = { dataDir: join(root, 'a', 'data') };
});
afterEach(() => rmSync(root, { recursive: true }));

const log = `${'0'.repeat(16)}-${'0'.repeat(16)}.wal`;

function list(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted();
}

async function filled(at: Target): Promise<Staging> {
  const staging = await Staging.begin(at, 'abc0');
  writeFileSync(join(staging.snapDir, 'db'), 'db');
  writeFileSync(staging.walFile, 'wal');
  return staging;
}

test('an absent folder stays absent until there is all of it, for its owner alone', async () => {
  const staging = await filled(target);
  expect(readdirSync(join(root, 'a'))).toEqual(['data.holdfast-abc0.part']);
  await staging.publish();
  expect(list()).toEqual([
    'a',
    'a/data',
    'a/data/member',
    'a/data/member/snap',
    'a/data/member/snap/db',
    'a/data/member/wal',
    `a/data/member/wal/${log}`,
  ]);
  for (const folder of ['a/data', 'a/data/member', 'a/data/member/snap', 'a/data/member/wal']) {
    expect(statSync(join(root, folder)).mode & 0o777).toBe(0o700);
  }
  await staging.discard();
  expect(existsSync(join(root, 'a/data/member/snap/db'))).toBe(true);
});

test('an empty folder is filled from within, as it may be a mount point, and keeps its mode', async () => {
  mkdirSync(target.dataDir, { recursive: true, mode: 0o750 });
  const staging = await filled(target);
  expect(readdirSync(target.dataDir)).toEqual(['holdfast-abc0.part']);
  await staging.publish();
  expect(readdirSync(target.dataDir)).toEqual(['member']);
  expect(statSync(target.dataDir).mode & 0o777).toBe(0o750);
});

test.skipIf(process.getuid?.() !== 0)(
  'root gives what it makes to the owner of the folder that was there',
  async () => {
    mkdirSync(target.dataDir, { recursive: true });
    const { chownSync } = await import('node:fs');
    chownSync(target.dataDir, 4321, 1234);
    await (await filled(target)).publish();
    for (const path of ['member', 'member/snap/db', `member/wal/${log}`]) {
      const { uid, gid } = statSync(join(target.dataDir, path));
      expect([path, uid, gid]).toEqual([path, 4321, 1234]);
    }
  },
);

test('a log elsewhere gets its name last', async () => {
  const walDir = join(root, 'w', 'wal');
  const staging = await filled({ ...target, walDir });
  expect(readdirSync(walDir)).toEqual(['holdfast-abc0.wal']);
  await staging.publish();
  expect(readdirSync(walDir)).toEqual([log]);
  expect(readdirSync(join(target.dataDir, 'member'))).toEqual(['snap']);
});

test('what came to nothing leaves nothing, not even the folders above', async () => {
  for (const at of [target, { ...target, walDir: join(root, 'w', 'wal') }]) {
    const staging = await filled(at);
    await staging.discard();
    expect(list()).toEqual([]);
  }
});

test('a member that somebody else put there is not touched', async () => {
  const walDir = join(root, 'wal');
  const staging = await filled({ ...target, walDir });
  mkdirSync(join(target.dataDir, 'member'), { recursive: true });
  writeFileSync(join(target.dataDir, 'member', 'mine'), '');
  await expect(staging.publish()).rejects.toMatchObject({ code: 'data-dir-exists' });
  await staging.discard();
  expect(list()).toEqual(['a', 'a/data', 'a/data/member', 'a/data/member/mine']);
});

test('a log that somebody else has put there meanwhile stays theirs', async () => {
  const walDir = join(root, 'wal');
  const staging = await filled({ ...target, walDir });
  writeFileSync(join(walDir, log), 'theirs');
  await expect(staging.publish()).rejects.toMatchObject({ code: 'data-dir-exists' });
  await staging.discard();
  expect(readFileSync(join(walDir, log), 'utf8')).toBe('theirs');
  expect(list()).toEqual(['wal', `wal/${log}`]);
});

test('a folder in use is refused; an empty one, a mount point and leftovers are not', async () => {
  const walDir = join(root, 'wal');
  const both = { ...target, walDir };
  expect(await checkTarget(both)).toEqual([]);
  mkdirSync(join(target.dataDir, 'lost+found'), { recursive: true });
  mkdirSync(join(target.dataDir, 'holdfast-0a.part'));
  mkdirSync(join(dirname(target.dataDir), 'data.holdfast-0b.part'));
  mkdirSync(join(dirname(target.dataDir), 'other.holdfast-0c.part'));
  mkdirSync(walDir);
  writeFileSync(join(walDir, 'holdfast-0d.wal'), '');
  expect(await checkTarget(both)).toEqual([
    join(dirname(target.dataDir), 'data.holdfast-0b.part'),
    join(target.dataDir, 'holdfast-0a.part'),
    join(walDir, 'holdfast-0d.wal'),
  ]);
  writeFileSync(join(walDir, 'x'), '');
  await expect(checkTarget(both)).rejects.toMatchObject({ code: 'data-dir-exists', why: 'it holds x' });
  await expect(checkTarget({ dataDir: join(walDir, 'x') })).rejects.toMatchObject({
    why: 'it is not a folder',
  });
});
