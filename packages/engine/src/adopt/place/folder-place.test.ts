import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, linkSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ForeignPlace, PassedOver } from '../foreign.ts';
import { openForeignFolder } from './folder-place.ts';

let folder: string;
let place: ForeignPlace;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-place-'));
  mkdirSync(join(folder, 'in'));
  place = await openForeignFolder(join(folder, 'in'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function listed(): Promise<{ paths: string[]; over: PassedOver[] }> {
  const [paths, over]: [string[], PassedOver[]] = [[], []];
  for await (const { path } of place.list((what) => over.push(what))) paths.push(path);
  return { paths, over };
}

function put(path: string, content = 'content'): void {
  mkdirSync(join(folder, 'in', path, '..'), { recursive: true });
  writeFileSync(join(folder, 'in', path), content);
}

test('all files are listed, hidden ones, those with spaces, colons and other letters too', async () => {
  for (const path of ['.metadata/a', 'a b', '2020-10-15T14:53:26Z_etcd.zip', 'ü/ß 漢', 'deep/er/x'])
    put(path);
  expect(await listed()).toEqual({
    paths: ['.metadata/a', '2020-10-15T14:53:26Z_etcd.zip', 'a b', 'deep/er/x', 'ü/ß 漢'],
    over: [],
  });
  expect(await text(Readable.from(place.read('.metadata/a')))).toBe('content');
});

test('links, pipes and sockets are passed over and never opened', async () => {
  put('real');
  writeFileSync(join(folder, 'secret'), 'secret');
  mkdirSync(join(folder, 'outside'));
  writeFileSync(join(folder, 'outside/x'), 'x');
  symlinkSync(join(folder, 'secret'), join(folder, 'in/link'));
  symlinkSync(join(folder, 'outside'), join(folder, 'in/folder'));
  symlinkSync('.', join(folder, 'in/loop'));
  execFileSync('mkfifo', [join(folder, 'in/pipe')]);
  await using server = createServer();
  await new Promise<void>((resolve) => server.listen(join(folder, 'in/socket'), resolve));
  expect(await listed()).toEqual({
    paths: ['real'],
    over: [
      { path: 'folder', why: 'it is a link' },
      { path: 'link', why: 'it is a link' },
      { path: 'loop', why: 'it is a link' },
      { path: 'pipe', why: 'it is no regular file' },
      { path: 'socket', why: 'it is no regular file' },
    ],
  });
  for (const path of ['link', 'folder/x', 'loop/real', 'pipe', '../secret', 'in/../../secret'])
    await expect(text(Readable.from(place.read(path)))).rejects.toMatchObject({ code: 'file-unreadable' });
});

test('a folder that became a link since it was listed is not followed', async () => {
  put('sub/x');
  mkdirSync(join(folder, 'outside'));
  writeFileSync(join(folder, 'outside/x'), 'secret');
  await listed();
  renameSync(join(folder, 'in/sub'), join(folder, 'in/old'));
  symlinkSync(join(folder, 'outside'), join(folder, 'in/sub'));
  await expect(text(Readable.from(place.read('sub/x')))).rejects.toMatchObject({
    code: 'file-unreadable',
    why: 'a link is on the way to it',
  });
});

test('names that deceive are passed over', async () => {
  put('a\\b');
  put('c\u001b[2Jd');
  writeFileSync(Buffer.concat([Buffer.from(join(folder, 'in/')), Buffer.from([0x66, 0xff, 0xfe])]), 'x');
  const { paths, over } = await listed();
  expect(paths).toEqual([]);
  expect(over.map(({ why }) => why).toSorted()).toEqual([
    'its name has a backslash',
    'its name has control characters',
    'its name is not valid UTF-8',
  ]);
});

test('what may not be read is told, and the rest is listed', async () => {
  put('readable');
  put('sub/x');
  put('closed');
  const asNobody = process.getuid?.() === 0;
  execFileSync('chmod', ['0', join(folder, 'in/sub'), join(folder, 'in/closed')]);
  execFileSync('chmod', ['755', folder, join(folder, 'in')]);
  if (asNobody) process.seteuid?.(65_534);
  try {
    expect(await listed()).toEqual({
      paths: ['closed', 'readable'],
      over: [{ path: 'sub', why: expect.stringContaining('EACCES') }],
    });
    await expect(text(Readable.from(place.read('closed')))).rejects.toMatchObject({
      code: 'file-unreadable',
    });
  } finally {
    if (asNobody) process.seteuid?.(0);
  }
});

test('a part of a file is read by position', async () => {
  put('x', '0123456789');
  const parts: string[] = [];
  for (const [start, end] of [
    [2, 5],
    [8, 50],
    [50, 60],
    [5, 5],
  ] as const)
    parts.push(await text(Readable.from(place.read('x', { start, end }))));
  expect(parts).toEqual(['234', '89', '', '']);
});

test('a hard link is a file like any other', async () => {
  put('x');
  linkSync(join(folder, 'in/x'), join(folder, 'in/y'));
  expect((await listed()).paths).toEqual(['x', 'y']);
});

test('a file and nothing at all are no place', async () => {
  put('x');
  for (const path of ['in/x', 'none'])
    await expect(openForeignFolder(join(folder, path))).rejects.toMatchObject({ code: 'file-unreadable' });
});

test('a place may be reached by a link', async () => {
  put('x');
  symlinkSync(join(folder, 'in'), join(folder, 'way'));
  place = await openForeignFolder(join(folder, 'way'));
  expect(place.location).toBe(join(folder, 'way'));
  expect((await listed()).paths).toEqual(['x']);
  expect(await text(Readable.from(place.read('x')))).toBe('content');
});
