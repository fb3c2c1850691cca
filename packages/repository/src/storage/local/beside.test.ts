import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stageBeside } from './beside.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-beside-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('what a killed process left is cleared away, what a living or a foreign one writes is not', async () => {
  const living = await stageBeside(join(folder, 'one'));
  const mine = basename(living.path);
  const { pid: dead } = spawnSync('true');
  const left = mine.replace(`-${process.pid}-`, `-${dead}-`);
  const foreign = left.replace(/export-[0-9a-f]{8}/, 'export-00000000');
  for (const name of [left, foreign, '.holdfast-export-notes']) writeFileSync(join(folder, name), '');

  const next = await stageBeside(join(folder, 'two'));
  expect(readdirSync(folder).sort()).toEqual(
    [mine, basename(next.path), foreign, '.holdfast-export-notes'].sort(),
  );
  next.write(Buffer.from('x'));
  expect(await next.place()).toBe(true);
  await living.discard();
  expect(readdirSync(folder).sort()).toEqual([foreign, '.holdfast-export-notes', 'two'].sort());
});

test('a folder that is not there is told as a file that cannot be written', async () => {
  await expect(stageBeside(join(folder, 'none', 'file'))).rejects.toMatchObject({ code: 'file-unwritable' });
});
