import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { roomOf } from './room.ts';

test('the room for a member is that of the file system of its data, and none where that is not there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-room-'));
  try {
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    expect(await roomOf({ dataDir: one })).toBeUndefined();
    mkdirSync(join(one, 'member'), { recursive: true });
    mkdirSync(other);
    const room = await roomOf({ dataDir: one });
    expect(room).toMatchObject({ writable: true, renames: true });
    expect(Math.min(room!.free, room!.memory)).toBeGreaterThan(1_000_000);
    expect((await roomOf({ dataDir: other }))?.fileSystem).toBe(room!.fileSystem);
    expect(await roomOf({ dataDir: one, walDir: join(folder, 'absent') })).toMatchObject({ writable: false });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
