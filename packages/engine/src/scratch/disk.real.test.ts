import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openScratch } from './index.ts';

/** A real file system of 4 MiB, which only root can mount. */
describe.skipIf(process.getuid?.() !== 0)('on a file system', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-scratch-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
  });
  afterEach(() => {
    // Refused as long as anything is open there.
    execFileSync('umount', [folder]);
    rmdirSync(folder);
  });

  test('that fills up, writing fails as such, and its space comes back', async () => {
    for (let i = 0; i < 2; i++) {
      await using scratch = await openScratch({ folder, memoryBytes: 0 });
      await scratch.write(Buffer.alloc(3 << 20));
      await expect(scratch.write(Buffer.alloc(3 << 20))).rejects.toMatchObject({
        code: 'disk-full',
        details: { path: folder },
      });
      expect(scratch.size).toBe(3 << 20);
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  test('that is read-only, only what fits into memory is taken', async () => {
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    await expect(openScratch({ folder, size: 11, memoryBytes: 10 })).rejects.toMatchObject({
      code: 'file-unwritable',
      why: expect.stringContaining('read-only') as string,
      details: { path: folder },
    });
    await using scratch = await openScratch({ folder, memoryBytes: 10 });
    await scratch.write(Buffer.alloc(10));
    expect(() => scratch.write(Buffer.alloc(1))).toThrow(
      expect.objectContaining({ code: 'file-unwritable' }),
    );
  });
});
