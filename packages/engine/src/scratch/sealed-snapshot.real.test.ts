import {
  createReadStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure } from '@holdfast/base';
import { buildDataDir, type SnapshotSource } from '@holdfast/etcd/datadir';
import { verifySnapshotFile } from '@holdfast/etcd/snapshot';
import {
  compressSeekable,
  expand,
  generateSecretKey,
  seal,
  unseal,
  type SecretKey,
} from '@holdfast/repository/object';
import { etcdOrSkip, fillKubernetes, startCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillScratch, openScratch } from './index.ts';

const { skip } = await etcdOrSkip('3.6');

const { signal } = new AbortController();

/** The db of the member that is built. */
async function build(source: SnapshotSource, dataDir: string): Promise<Buffer> {
  await buildDataDir({
    source,
    dataDir,
    name: 'm1',
    members: [{ name: 'm1', peerUrls: ['http://127.0.0.1:2380'] }],
    token: 'tok',
    bump: { by: 1000, markCompacted: true },
    signal,
  });
  return readFileSync(join(dataDir, 'member/snap/db'));
}

/** A snapshot of a real etcd, sealed as the repository seals it, and read again without a plain file. */
describe.skipIf(skip)('a sealed snapshot', () => {
  let [folder, plain, sealed, size] = ['', '', '', 0];
  let key: SecretKey;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-sealed-'));
    [plain, sealed] = [join(folder, 'snapshot.db'), join(folder, 'snapshot.db.zst.age')];
    {
      await using cluster = await startCluster({ version: '3.6' });
      await fillKubernetes(cluster, { objects: 1500, seed: 1, perTxn: 50, concurrency: 4 });
      await cluster.snapshotSave(plain);
    }
    size = statSync(plain).size;
    key = await generateSecretKey();
    const stored = seal(compressSeekable(createReadStream(plain)), { recipients: [key.publicKey] });
    await writeFile(sealed, stored);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const opened = (path = sealed, by = key): AsyncIterable<Uint8Array> =>
    expand(unseal(createReadStream(path), { keys: [by] }, 'sealed'), { name: 'sealed', atMost: size });

  test('is proven from a scratch exactly as from the plain file', async () => {
    for (const memoryBytes of [size, 1 << 20]) {
      await using scratch = await openScratch({ folder, size, memoryBytes });
      const hashes = await fillScratch(scratch, opened(), { signal });
      const expected = { size, sha256: hashes.file };
      const steps: number[] = [];
      const found = await verifySnapshotFile(scratch.source('sealed'), {
        hashes,
        expected,
        onProgress: (done) => steps.push(done),
      });
      expect(found).toEqual(await verifySnapshotFile(plain, { expected }));
      expect(new Set(found.checks.map(({ outcome }) => outcome))).toEqual(new Set(['passed', 'skipped']));
      expect(steps.at(-1)).toBe(size);
    }
  });

  test('is restored byte for byte as from the plain file', async () => {
    const stream = { name: 'sealed', size, open: () => opened() };
    const [one, two] = [
      await build({ file: plain }, join(folder, 'one')),
      await build(stream, join(folder, 'two')),
    ];
    expect(one.equals(two)).toBe(true);

    const before = readdirSync(folder);
    const other = await generateSecretKey();
    await expect(
      build({ ...stream, open: () => opened(sealed, other) }, join(folder, 'three')),
    ).rejects.toMatchObject({ code: 'key-not-matching' });
    expect(readdirSync(folder)).toEqual(before);
    const cut = join(folder, 'cut');
    await writeFile(cut, readFileSync(sealed));
    truncateSync(cut, statSync(sealed).size - 40_000);
    const damage = await build({ ...stream, open: () => opened(cut) }, join(folder, 'three')).catch(
      (error: unknown) => error,
    );
    expect(isFailure(damage, 'object-damaged')).toBe(true);
    expect(readdirSync(folder)).toEqual([...before, 'cut'].toSorted());
  });
});
