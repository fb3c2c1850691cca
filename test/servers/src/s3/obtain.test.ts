import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runAny } from '../obtain/run.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-obtain-s3-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

async function prepare(part: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stderr } = await runAny(
    process.execPath,
    [join(import.meta.dirname, '..', 'prepare.ts'), part],
    {
      env: {
        PATH: dir,
        HOLDFAST_CACHE: join(dir, 'cache'),
        HOLDFAST_CEPH: undefined,
        HOLDFAST_MINIO: undefined,
        HOLDFAST_RCLONE: undefined,
        HOLDFAST_GO: undefined,
        ...env,
      },
    },
  );
  expect(code).toBe(1);
  return stderr;
}

it.each([
  ['radosgw', ['HOLDFAST_CEPH: not set', 'PATH: none there', 'cache: none in', 'packages: no apt-get']],
  ['minio', ['HOLDFAST_MINIO: not set', 'PATH: not there', 'cache: none in', 'Go: Go ']],
  ['rclone', ['HOLDFAST_RCLONE: not set', 'PATH: no rclone', 'cache: none in', 'packages: no apt-get']],
])('every reason is named when no way to %s is left', async (part, ways) => {
  const stderr = await prepare(part);
  for (const way of ways) expect(stderr).toContain(way);
});

it('what a variable names must be what it should be', async () => {
  expect(await prepare('radosgw', { HOLDFAST_CEPH: dir })).toContain(
    `HOLDFAST_CEPH: no rados-classes below ${dir}`,
  );
  const other = join(dir, 'other');
  writeFileSync(other, '#!/bin/sh\necho other\n', { mode: 0o755 });
  expect(await prepare('minio', { HOLDFAST_MINIO: other })).toContain(
    `HOLDFAST_MINIO: ${other} is not MinIO`,
  );
  expect(await prepare('rclone', { HOLDFAST_RCLONE: dir })).toContain('HOLDFAST_RCLONE: no rclone there');
});
