import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { copyHashed, type CopyDigests } from './copy.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-copy-'));
const [from, to] = [join(folder, 'from'), join(folder, 'to')];
afterAll(() => rmSync(folder, { recursive: true }));

async function copied(
  length: number,
  size: number,
  signal = new AbortController().signal,
  onProgress: (done: number) => void = () => {},
): Promise<CopyDigests> {
  const files: FileHandle[] = [await open(from, 'r'), await open(to, 'w+')];
  try {
    return await copyHashed(files[0]!, files[1]!, { length, size, name: from, signal, onProgress });
  } finally {
    for (const file of files) await file.close();
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const MiB = 1024 * 1024;
const block = MiB;

test.each([0, 1, block - 1, block, block + 1, 33 * block + 512, 133 * MiB])(
  '%d bytes are copied and hashed, without and with what comes after them',
  async (length) => {
    const bytes = randomBytes(length + 32);
    writeFileSync(from, bytes);
    const seen: number[] = [];
    const digests = await copied(length, bytes.length, undefined, (done) => seen.push(done));
    expect(digests).toEqual({ copied: sha256(bytes.subarray(0, length)), whole: sha256(bytes) });
    expect(readFileSync(to).equals(bytes.subarray(0, length))).toBe(true);
    expect([seen.length, seen.at(-1)]).toEqual([
      Math.ceil(length / block),
      length === 0 ? undefined : length,
    ]);
  },
);

test('a source that has become shorter is told of', async () => {
  writeFileSync(from, randomBytes(5 * MiB));
  await expect(copied(9 * MiB, 9 * MiB + 32)).rejects.toMatchObject({
    code: 'not-a-snapshot',
    why: expect.stringContaining(`byte ${5 * MiB}`) as string,
  });
});

test('an abort ends the copy with its reason', async () => {
  writeFileSync(from, randomBytes(20 * MiB));
  const abort = new AbortController();
  const reason = new Error('enough');
  const seen: number[] = [];
  const copying = copied(20 * MiB, 20 * MiB, abort.signal, (done) => {
    seen.push(done);
    if (done === 8 * MiB) abort.abort(reason);
  });
  await expect(copying).rejects.toBe(reason);
  expect(seen.at(-1)).toBe(8 * MiB);
});
