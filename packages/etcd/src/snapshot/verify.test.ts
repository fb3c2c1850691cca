import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ByteSource } from '../bolt/index.ts';
import { buildTestImage, bytesSource } from '../bolt/test-image.ts';
import { crc32c } from '../crc32c/index.ts';
import { type TestChange, TestHistory } from '../mvcc/test-history.ts';
import { ContentHasher, readPosition, verifySnapshotFile } from './index.ts';
import { allChecks, failures, outcomes, sample, verify } from './test-sample.ts';

const keys = fc.integer({ min: 0, max: 9 }).map((n) => `/registry/pods/${n}`);
const change: fc.Arbitrary<TestChange> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ key: keys, put: fc.string({ maxLength: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ key: keys }) },
);
const transactions = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 30 });
const shape = fc.record({
  fanOut: fc.integer({ min: 2, max: 9 }),
  gap: fc.nat(2),
  backwards: fc.boolean(),
  syncedFreelist: fc.boolean(),
});

/** A history with up to two compactions, the second one perhaps unfinished, and perhaps a bump. */
const histories = fc
  .record({
    parts: fc.array(transactions, { minLength: 1, maxLength: 3 }),
    compactions: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 2 }),
    unfinished: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    keepsDeletion: fc.boolean(),
    bump: fc.boolean(),
  })
  .map(({ parts, compactions, unfinished, keepsDeletion, bump }) => {
    const history = new TestHistory();
    parts.forEach((part, i) => {
      for (const each of part) history.apply(each);
      const at = compactions[i];
      if (at === undefined || history.revision === 1) return;
      const last = i === compactions.length - 1;
      const revision = Math.max(1, Math.round(at * history.revision));
      history.compact(
        revision,
        last && unfinished !== undefined ? unfinished * revision : revision,
        keepsDeletion,
      );
    });
    if (bump) history.bump(1000);
    return history;
  });

describe('figures and HashKV', () => {
  test('equal the plain rules for any history, compaction and layout', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        shape,
        fc.nat(5),
        fc.nat(5),
        fc.boolean(),
        async (history, shape, back, ahead, skips) => {
          const buckets = history.buckets();
          const bytes = buildTestImage({ buckets, ...shape });
          const compactRevision = Math.min(
            history.revision,
            history.scheduled + (history.scheduled < 0 ? 0 : ahead),
          );
          const revision = Math.max(history.revision - back, compactRevision, 1);
          const hashKv = {
            revision,
            compactRevision,
            hash: history.hashKv(revision, compactRevision, skips),
          };
          const expected = { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
          const found = await verify(bytes, { hashKv, expected });

          expect(failures(found)).toEqual([]);
          expect(found.checks.map((each) => each.check)).toEqual(allChecks);
          expect(new Set(Object.values(outcomes(found)))).toEqual(new Set(['passed']));
          expect(found.status).toEqual({
            hash: Object.entries(buckets).reduce(
              (hash, [name, entries]) => crc32c(Buffer.concat([Buffer.from(name), ...entries.flat()]), hash),
              0,
            ),
            revision: history.records.at(-1)?.main ?? 0,
            pairs: Object.values(buckets).flat().length,
            liveKeys: history.liveKeys(),
            size: bytes.length - 32,
            storageVersion: '3.6.0',
          });
          const position = await readPosition(bytesSource(bytes));
          expect(position.revision).toBe(Math.max(found.status!.revision, history.scheduled, 1));
          expect(position.compactRevision).toBe(history.scheduled);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('a hash of before the last compaction cannot be compared, and one of after the image must not', async () => {
    const { history, bytes } = sample();
    const early = await verify(bytes, { hashKv: { revision: 40, compactRevision: -1, hash: 1 } });
    expect(outcomes(early)['hashkv']).toBe('skipped');
    const late = { revision: history.revision + 1, compactRevision: 30, hash: 1 };
    expect(outcomes(await verify(bytes, { hashKv: late }))['hashkv']).toBe('failed');
    const wrong = await verify(bytes, { hashKv: { revision: 40, compactRevision: 30, hash: 1 } });
    expect(failures(wrong).map((each) => each.check)).toEqual(['hashkv']);
  });
});

test('with nothing left alive, what a member says after it has compacted further decides nothing', async () => {
  const history = new TestHistory();
  for (const put of ['one', 'two', undefined])
    history.apply([{ key: '/registry/last', ...(put !== undefined && { put }) }]);
  const bytes = buildTestImage({ buckets: history.buckets() });
  history.compact(3, 3, true);
  const hashKv = { revision: 4, compactRevision: 3, hash: history.hashKv(4, 3, true) };
  const found = await verify(bytes, { hashKv });
  expect(failures(found)).toEqual([]);
  expect(outcomes(found)['hashkv']).toBe('skipped');
});

test('hashes that are given are not computed again, and decide as computed ones do', async () => {
  const { bytes } = sample({ trailer: true });
  const hasher = new ContentHasher();
  hasher.update(bytes);
  const hashes = hasher.end();
  const expected = { size: bytes.length, sha256: hashes.file };
  let read = 0;
  const counted: ByteSource = {
    ...bytesSource(bytes),
    read: (target, position) => {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      read += part.length;
      return part.length;
    },
  };
  const steps: [number, number][] = [];
  const onProgress = (...step: [number, number]) => steps.push(step);
  const found = await verifySnapshotFile(counted, { expected, hashes, onProgress });
  expect(found).toEqual(await verify(bytes, { expected }));
  expect(steps.at(-1)).toEqual([bytes.length, bytes.length]);
  const once = read;
  await verifySnapshotFile(counted, { expected });
  expect(read).toBe(2 * once + bytes.length);
  const others = { file: 'aa', image: 'bb', trailer: 'cc' };
  expect(outcomes(await verify(bytes, { expected, hashes: others }))).toMatchObject({
    sha256: 'failed',
    trailer: 'failed',
    tree: 'passed',
  });
});

describe('a file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-verify-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is hashed beside the walk, with the same result', async () => {
    const { bytes } = sample({ trailer: true });
    const path = join(folder, 'snapshot.db');
    await writeFile(path, bytes);
    const steps: [number, number][] = [];
    const found = await verifySnapshotFile(path, { onProgress: (...step) => steps.push(step) });
    expect(found).toEqual(await verify(bytes));
    expect(steps.at(-1)).toEqual([bytes.length, bytes.length]);
  });

  test('is verified all the same where no thread can be had', async () => {
    const path = join(folder, 'alone.db');
    await writeFile(path, sample({ trailer: true }).bytes);
    const program = `
      import { verifySnapshotFile } from '${new URL('index.ts', import.meta.url).href}';
      const { checks } = await verifySnapshotFile(process.argv[1]);
      console.log(JSON.stringify(checks.map((each) => each.outcome)));`;
    // Permissions are one reason for having no thread; a limit on tasks is another, which fails in the same way.
    const flags = ['--permission', '--allow-fs-read=*', '--no-warnings', '--input-type=module'];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--eval', program, path]);
    expect(JSON.parse(stdout)).toEqual(
      Object.values(outcomes(await verify(sample({ trailer: true }).bytes))),
    );
  });

  test('that cannot be read is a failure, and an aborted verification ends', async () => {
    await expect(verifySnapshotFile(join(folder, 'none.db'))).rejects.toMatchObject({
      code: 'file-unreadable',
    });
    await expect(verifySnapshotFile(folder)).rejects.toMatchObject({ code: 'file-unreadable' });
    const pipe = join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    await expect(verifySnapshotFile(pipe)).rejects.toMatchObject({ code: 'file-unreadable' });
    const abort = new AbortController();
    const path = join(folder, 'snapshot.db');
    const options = { signal: abort.signal, onProgress: () => abort.abort(new Error('enough')) };
    await expect(verifySnapshotFile(path, options)).rejects.toThrow('enough');
  });
});
