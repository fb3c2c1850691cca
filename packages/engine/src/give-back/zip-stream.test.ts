import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import yauzl from 'yauzl';
import { zipStream } from './zip-stream.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-zip-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const modifiedAt = new Date('2026-11-20T09:10:06Z');
const large = Buffer.concat(
  Array.from({ length: 20_000 }, (_, i) =>
    createHash('sha256')
      .update(`${i >> 2}`)
      .digest(),
  ),
);

async function* inPieces(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 100_001) yield content.subarray(at, at + 100_001);
}

describe.each([true, false])('a zip with sizes of 64 bits: %s', (wide) => {
  test('is opened by unzip and Python with its names, times and modes', async () => {
    const path = join(folder, 'a.zip');
    const entries = [
      { name: 'db-snapshot', modifiedAt, content: inPieces(large) },
      { name: 'empty', modifiedAt, content: [] },
      { name: 'höher/état', modifiedAt, content: [Buffer.from('{}')] },
    ];
    writeFileSync(path, await buffer(zipStream(entries, { wide })));
    execFileSync('unzip', ['-q', path, '-d', folder], {
      env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8' },
    });
    expect(readFileSync(join(folder, 'db-snapshot')).equals(large)).toBe(true);
    expect(readFileSync(join(folder, 'höher/état'), 'utf8')).toBe('{}');
    const { mode, mtime, size } = statSync(join(folder, 'empty'));
    expect([mode & 0o777, mtime, size]).toEqual([0o600, modifiedAt, 0]);
    const python =
      'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), len(z.namelist()))';
    expect(execFileSync('python3', ['-c', python, path], { encoding: 'utf8' })).toBe('None 3\n');
    expect(statSync(path).size).toBeLessThan(large.length / 2);
  });

  test('keeps absolute names as they are, which RKE looks for', async () => {
    const entries = [{ name: '/backup/nightly', modifiedAt, content: [Buffer.from('x')] }];
    const bytes = await buffer(zipStream(entries, { wide }));
    const zip = await yauzl.fromBufferPromise(bytes, { decodeStrings: false });
    for await (const entry of zip.eachEntry())
      expect(Buffer.from(entry.fileName).toString()).toBe('/backup/nightly');
    expect(zip.entryCount).toBe(1);
  });
});

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('x');
  throw new Error('gone');
}

test('a content that fails ends the zip with its failure', async () => {
  const zip = zipStream([{ name: 'a', modifiedAt, content: failing() }], { wide: false });
  await expect(buffer(zip)).rejects.toThrow('gone');
});
