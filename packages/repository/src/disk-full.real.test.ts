import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterName } from './entry.ts';
import { openRepository, type Repository } from './repository.ts';
import { manifestOf, storeSnapshot } from './testing/snapshot.ts';

/** A real file system of 8 MiB, which only root can mount. */
describe.skipIf(process.getuid?.() !== 0)('on a full disk', () => {
  const content = Buffer.alloc(3 << 20, 'x');
  let disk: string;
  let repository: Repository;
  let prod: ClusterName;
  beforeEach(async () => {
    disk = mkdtempSync(join(tmpdir(), 'holdfast-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
    repository = await openRepository(join(disk, 'repository'), { create: true });
    const { id, name } = await repository.addCluster('prod');
    prod = { id, name };
  });
  afterEach(() => {
    execFileSync('umount', [disk]);
    rmdirSync(disk);
  });

  const fill = (bytes: number): void => {
    const free = Number(
      execFileSync('df', ['--output=avail', '-B1', disk], { encoding: 'utf8' }).split('\n')[1],
    );
    writeFileSync(join(disk, 'hog'), Buffer.alloc(free - bytes));
  };

  test.each([0, 4096, 8192, 1 << 20])(
    'with %i bytes free, a save fails as such and leaves nothing',
    async (free) => {
      await storeSnapshot(repository, prod, 'old', content);
      fill(free);
      await expect(storeSnapshot(repository, prod, 'new', content)).rejects.toMatchObject({
        code: 'disk-full',
        details: { path: expect.stringContaining(join('repository', 'clusters')) },
      });
      expect(readdirSync(join(disk, 'repository', '.staging'))).toEqual([]);
      expect(readdirSync(join(disk, 'repository', 'clusters', prod.id, 'snapshots'))).toEqual(['old']);
      rmSync(join(disk, 'hog'));
      await storeSnapshot(repository, prod, 'new', content);
      expect((await repository.snapshots()).snapshots.map(({ name }) => name)).toEqual(['new', 'old']);
    },
  );

  test('that fills up between the file and its manifest, a save takes the file back', async () => {
    const writer = await repository.stageSnapshot(prod.id, 'new', { unique: false });
    const file = await writer.begin({ role: 'snapshot', encoding: 'plain' });
    await file.write(content);
    await file.sync();
    fill(0);
    await expect(writer.commit(manifestOf('new', prod, content))).rejects.toMatchObject({
      code: 'disk-full',
    });
    expect(await repository.snapshots()).toMatchObject({ snapshots: [], damaged: [], unfinished: [] });
  });

  test('a snapshot can still be removed', async () => {
    await storeSnapshot(repository, prod, 'old', content);
    fill(0);
    await repository.deleteSnapshot(prod.id, 'old');
    expect((await repository.snapshots()).snapshots).toEqual([]);
  });
});
