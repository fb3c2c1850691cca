import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkFreeSpace } from './free-space.ts';

test('a folder that is not there yet is judged by the file system that it will be on', async () => {
  const path = join(tmpdir(), 'holdfast-none', 'nor', 'this');
  await checkFreeSpace(path, 1);
  await expect(checkFreeSpace(path, 2 ** 60)).rejects.toMatchObject({
    code: 'not-enough-space',
    exitCode: 14,
    details: { path },
    why: expect.stringMatching(/^1024 PiB are needed and .* are free$/) as string,
  });
});
