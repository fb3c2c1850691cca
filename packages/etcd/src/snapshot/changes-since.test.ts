import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildTestImage } from '../bolt/test-image.ts';
import { TestHistory } from '../mvcc/test-history.ts';
import { changesSince, type ChangesSince, type KeyChange } from './index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-changes-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function changes(history: TestHistory, revision: number, examples = 1000): Promise<ChangesSince> {
  const path = join(folder, 'db');
  writeFileSync(path, buildTestImage({ buckets: history.buckets(), trailer: false }));
  return changesSince(path, revision, { examples });
}

const change = fc.record({
  key: fc.constantFrom('a', 'b/ü', 'c', 'd', 'e'),
  put: fc.option(fc.string(), { nil: undefined }),
});
const history = fc.array(
  fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((list) => list.map(({ key, put }) => ({ key, ...(put !== undefined && { put }) }))),
  { maxLength: 40 },
);

/** The keys that live at the end of a history; by key the revision in which they were written last. */
function alive({ records }: TestHistory, revision: number): Map<string, number> {
  const live = new Map<string, number>();
  for (const { main, tombstone, key } of records) {
    if (main > revision || key === '') continue;
    if (tombstone) live.delete(key);
    else live.set(key, main);
  }
  return live;
}

/** What became of each key, by comparing the store then with the store now. */
function expected(history: TestHistory, revision: number): Map<string, KeyChange> {
  const [then, now] = [alive(history, revision), alive(history, history.revision)];
  const fates = new Map<string, KeyChange>();
  for (const key of then.keys()) {
    if (!now.has(key)) fates.set(key, 'deleted');
    else if (now.get(key) !== then.get(key)) fates.set(key, 'changed');
  }
  for (const key of now.keys()) if (!then.has(key)) fates.set(key, 'created');
  return fates;
}

test('it tells what became of each key', async () => {
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.nat(),
      fc.nat(),
      fc.boolean(),
      async (transactions, at, compacted, bumps) => {
        const store = new TestHistory();
        for (const transaction of transactions) store.apply(transaction);
        const revision = 1 + (at % store.revision);
        const fates = expected(store, revision);
        // Compaction up to the revision itself hides nothing that came after it.
        store.compact(1 + (compacted % revision), 1 + (compacted % revision), false);
        if (bumps && store.scheduled < 0) {
          store.bump(1_000_000);
          store.scheduled = -1;
        }
        const found = await changes(store, revision);
        expect(found).toMatchObject({ complete: true, why: '' });
        expect(new Map(found.examples.map(({ key, change }) => [key, change]))).toEqual(fates);
        for (const change of ['created', 'changed', 'deleted'] as const)
          expect(found[change]).toBe([...fates.values()].filter((fate) => fate === change).length);
        expect((await changes(store, revision, 2)).examples).toHaveLength(Math.min(2, fates.size));
      },
    ),
    { numRuns: 60 },
  );
});

function store(transactions: number): TestHistory {
  const made = new TestHistory();
  for (let i = 0; i < transactions; i++) made.apply([{ key: `k${i % 7}`, put: `${i}` }]);
  return made;
}

test('a compaction past the revision hides deletions, and that is said', async () => {
  const made = store(20);
  made.apply([{ key: 'k1' }, { key: 'k2' }]);
  made.apply([{ key: 'k2', put: 'again' }]);
  made.compact(22, 22, false);
  const found = await changes(made, 15);
  expect(found).toMatchObject({ created: 1, changed: 4, deleted: 0, complete: false });
  expect(found.why).toMatch(/compacted up to revision 22/);
});

test('a revision that the database does not reach', async () => {
  const found = await changes(store(5), 7);
  expect(found).toEqual({
    created: 0,
    changed: 0,
    deleted: 0,
    examples: [],
    complete: false,
    why: expect.stringMatching(/ends at revision 6, before 7/),
  });
  expect(await changes(store(5), 6)).toMatchObject({ complete: true, examples: [] });
});

test('a revision that a restore has skipped', async () => {
  const made = store(5);
  made.bump(1000);
  made.scheduled = -1;
  made.apply([{ key: 'new', put: '' }]);
  const skipped = await changes(made, 500);
  expect(skipped).toMatchObject({ created: 1, complete: false });
  expect(skipped.why).toMatch(/revision 500 is none of this database/);
  expect(await changes(made, 1006)).toMatchObject({ created: 1, complete: true });
  made.scheduled = 1006;
  expect(await changes(made, 1006)).toMatchObject({ created: 1, complete: true });
  expect((await changes(made, 500)).why).toMatch(/compacted up to revision 1006/);
});

test('an empty store has no changes', async () => {
  expect(await changes(new TestHistory(), 1)).toMatchObject({ created: 0, complete: true });
  expect(await changes(new TestHistory(), 0)).toMatchObject({ created: 0, complete: true });
});

test('it can be ended, and damage is told', async () => {
  const path = join(folder, 'db');
  const image = buildTestImage({ buckets: store(50).buckets(), trailer: false });
  writeFileSync(path, image);
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(changesSince(path, 1, { examples: 1, signal })).rejects.toThrow('enough');
  writeFileSync(path, image.subarray(0, 3 * 1024));
  await expect(changesSince(path, 1, { examples: 1 })).rejects.toMatchObject({ code: 'not-a-snapshot' });
  await expect(changesSince(join(folder, 'none'), 1, { examples: 1 })).rejects.toMatchObject({
    code: 'file-unreadable',
  });
});

test('only what comes after the revision is read', async () => {
  const path = join(folder, 'db');
  const made = store(500);
  const image = buildTestImage({ buckets: made.buckets(), trailer: false });
  const first = image.indexOf(Buffer.from('00000000000000025f0000000000000000', 'hex'));
  image.fill(0xff, first, first + 40);
  writeFileSync(path, image);
  expect(await changesSince(path, 480, { examples: 0 })).toMatchObject({ changed: 7, complete: true });
  await expect(changesSince(path, 0, { examples: 0 })).rejects.toMatchObject({ code: 'not-a-snapshot' });
});
