import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { unzipOrSkip } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import { zipStream } from './zip-stream.ts';

const unpacker = await unzipOrSkip();
const modifiedAt = new Date('2026-11-20T09:10:06Z');

test.skipIf(unpacker.skip).each([true, false])(
  'unzip opens a zip with sizes of 64 bits: %s',
  async (wide) => {
    if (unpacker.skip) throw new Error(unpacker.why);
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-zip-'));
    const [path, content] = [join(folder, 'a.zip'), randomBytes(500_000)];
    const entries = [
      { name: 'db-snapshot', modifiedAt, content: [content] },
      { name: 'höher/état', modifiedAt, content: [] },
    ];
    writeFileSync(path, await buffer(zipStream(entries, { wide })));
    const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8' };
    execFileSync(unpacker.had.unzip, ['-q', path, '-d', folder], { env });
    expect(readFileSync(join(folder, 'db-snapshot')).equals(content)).toBe(true);
    const { mode, mtime, size } = statSync(join(folder, 'höher/état'));
    expect([mode & 0o777, mtime, size]).toEqual([0o600, modifiedAt, 0]);
    rmSync(folder, { recursive: true });
  },
);
