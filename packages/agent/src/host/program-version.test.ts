import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { programVersion } from './program-version.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-version-'));
});
afterEach(async () => rm(folder, { recursive: true }));

const { signal } = new AbortController();

test('a script is not started: it may pass on no argument', async () => {
  const [script, started] = [join(folder, 'etcd'), join(folder, 'started')];
  await writeFile(script, `#!/bin/sh\n: > ${started}\necho etcd Version: 3.6.16\n`);
  await chmod(script, 0o700);
  expect(await programVersion(script, signal)).toBeNull();
  expect(existsSync(started)).toBe(false);
});

test('what is absent, empty or no etcd tells none', async () => {
  const empty = join(folder, 'empty');
  await writeFile(empty, '');
  for (const path of [undefined, join(folder, 'gone'), empty, folder, process.execPath])
    expect(await programVersion(path, signal)).toBeNull();
});

test('only the signal ends it', async () => {
  const reason = new Error('no more');
  await expect(programVersion(process.execPath, AbortSignal.abort(reason))).rejects.toBe(reason);
});
