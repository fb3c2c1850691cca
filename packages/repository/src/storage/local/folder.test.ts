import { mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from './folder.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-folder-'));
});
afterEach(async () => rm(root, { recursive: true, force: true }));

test('a folder is made with those above it, and may be there already', async () => {
  const path = join(root, 'a/b/c');
  await makeFolder(path);
  await makeFolder(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

test('below a dangling link it gives up instead of trying for ever', async () => {
  await symlink(join(root, 'nowhere'), join(root, 'link'));
  await expect(makeFolder(join(root, 'link/below'))).rejects.toMatchObject({ code: 'ENOENT' });
});
