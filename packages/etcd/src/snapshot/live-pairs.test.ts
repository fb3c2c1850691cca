import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildTestImage, bytesSource, type TestImage } from '../bolt/test-image.ts';
import { TestHistory } from '../mvcc/test-history.ts';
import { readLivePairs } from './index.ts';

async function livePairs(history: TestHistory, form: Partial<TestImage> = {}): Promise<[string, string][]> {
  const pairs: [string, string][] = [];
  const source = bytesSource(buildTestImage({ ...form, buckets: history.buckets() }));
  const count = await readLivePairs(source, (key, value) => {
    pairs.push([Buffer.from(key).toString(), Buffer.from(value).toString()]);
  });
  expect(count).toBe(pairs.length);
  return pairs;
}

const change = fc.record({
  key: fc.constantFrom('a', 'b/ü', 'c', 'd', 'e'),
  put: fc.option(fc.string(), { nil: undefined }),
});
const transactions = fc.array(
  fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((list) => list.map(({ key, put }) => ({ key, ...(put !== undefined && { put }) }))),
  { maxLength: 60 },
);

test('every key that is not deleted comes once, with its newest value, whatever was compacted', async () => {
  const compaction = fc.record({
    at: fc.nat(),
    done: fc.nat(),
    keepsDeletion: fc.boolean(),
    bumps: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      transactions,
      transactions,
      compaction,
      fc.integer({ min: 2, max: 8 }),
      async (first, second, { at, done, keepsDeletion, bumps }, fanOut) => {
        const history = new TestHistory();
        const model = new Map<string, string>();
        const apply = (changes: (typeof first)[number]): void => {
          history.apply(changes);
          const seen = new Set<string>();
          for (const { key, put } of changes) {
            if (seen.has(key) || (put === undefined && !model.has(key))) continue;
            seen.add(key);
            if (put === undefined) model.delete(key);
            else model.set(key, put);
          }
        };
        first.forEach(apply);
        const revision = 1 + (at % history.revision);
        history.compact(revision, done % (revision + 1), keepsDeletion);
        if (bumps) history.bump(1000);
        second.forEach(apply);
        const found = await livePairs(history, { fanOut, gap: at % 2, backwards: bumps });
        expect(new Map(found)).toEqual(model);
        expect(found).toHaveLength(model.size);
      },
    ),
    { numRuns: 80 },
  );
});

function store(count: number): TestHistory {
  const history = new TestHistory();
  for (let i = 0; i < count; i++) history.apply([{ key: `k${i}`, put: `value ${i}` }]);
  return history;
}

test('a store without a pair has none', async () => {
  expect(await livePairs(new TestHistory())).toEqual([]);
});

const take = (): void => {};

test('damage is told with its place, and the reading can be ended', async () => {
  const image = buildTestImage({ buckets: store(50).buckets() });
  const record = image.indexOf(Buffer.from('00000000000000145f0000000000000000', 'hex'));
  const broken = Buffer.from(image);
  broken[record + 8] = 0;
  await expect(readLivePairs(bytesSource(broken), take)).rejects.toMatchObject({
    code: 'not-a-snapshot',
    why: expect.stringMatching(/page \d+ at byte \d+, element \d+/),
  });
  await expect(readLivePairs(bytesSource(image.subarray(0, 5000)), take)).rejects.toMatchObject({
    code: 'not-a-snapshot',
  });
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(readLivePairs(bytesSource(image), take, { signal })).rejects.toThrow('enough');
});
