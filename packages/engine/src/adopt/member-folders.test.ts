import { expect, test } from 'vitest';
import type { ForeignFile } from './foreign.ts';
import { memberFolders } from './member-folders.ts';

function files(...paths: string[]): ForeignFile[] {
  return paths.map((path) => ({ path, size: 1, modifiedAt: new Date(0) }));
}

function found(...paths: string[]): [folder: string, form: string, files: number][] {
  return memberFolders(files(...paths)).map(({ folder, form, files: all }) => [folder, form, all.length]);
}

const wal = 'wal/0000000000000000-0000000000000000.wal';
const snap = 'snap/0000000000000002-0000000000000a1b.snap';

test('a data directory is known wherever it lies, the place itself included', () => {
  expect(found('member/snap/db', `member/${wal}`)).toEqual([['', 'datadir', 2]]);
  expect(found('a/b/member/snap/db', `a/b/member/${wal}`, 'a/b/other.db', 'a/c')).toEqual([
    ['a/b', 'datadir', 2],
  ]);
  expect(found('x/member/snap/db')).toEqual([['x', 'datadir', 1]]);
});

test('without a database of version 3 it is one of version 2', () => {
  const name = '2018-04-09T15:03:54Z_etcd_1';
  expect(found(`${name}/member/${snap}`, `${name}/member/${wal}`)).toEqual([[name, 'v2-backup', 2]]);
  expect(found(`${name}/member/${wal}`)).toEqual([[name, 'v2-backup', 1]]);
});

test('a member folder under another name is known when its log is there too', () => {
  expect(found('old/snap/db', `old/${wal}`)).toEqual([['old', 'datadir', 2]]);
  expect(found('old/snap/db')).toEqual([]);
  expect(found('snap/x.snap')).toEqual([]);
});

test('other things beside a member in the place itself are not its own', () => {
  expect(found('member/snap/db', `member/${wal}`, 'nightly.db')).toEqual([['', 'datadir', 2]]);
  expect(found('snap/db', wal, 'nightly.db')).toEqual([['', 'datadir', 2]]);
});

test('several members stay apart', () => {
  const all = found('a/member/snap/db', `a/member/${wal}`, 'ab/member/snap/db', `ab/member/${wal}`);
  expect(all).toEqual([
    ['a', 'datadir', 2],
    ['ab', 'datadir', 2],
  ]);
});

test('logs and snapshots come in their order', () => {
  const second = 'wal/0000000000000001-0000000000000100.wal';
  const [member] = memberFolders(
    files(`member/${second}`, `member/${wal}`, 'member/wal/0.tmp', 'member/snap/db'),
  );
  expect(member?.wal.map(({ path }) => path)).toEqual([`member/${wal}`, `member/${second}`]);
  expect(member?.db?.path).toBe('member/snap/db');
});

test('many of them take no longer than their files', () => {
  const many = Array.from({ length: 20_000 }, (_, n) => [`${n}/member/${snap}`, `${n}/member/${wal}`]).flat();
  const started = performance.now();
  expect(found(...many)).toHaveLength(20_000);
  expect(performance.now() - started).toBeLessThan(5000);
});
