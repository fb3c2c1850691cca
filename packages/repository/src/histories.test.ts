import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import * as fc from 'fast-check';
import { afterAll, test } from 'vitest';
import type { Fate, World } from './lease/testing/interleaver.ts';
import { MemoryStorage } from './lease/testing/memory-storage.ts';
import { SigningKey } from './manifest/index.ts';
import { LocalStorage } from './storage/local/local.ts';
import type { Storage } from './storage/storage.ts';
import { Run, type Deed, type Step, type Writer } from './testing/histories/run.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-storage-histories-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const keys = [SigningKey.generate(), SigningKey.generate()];
const fate = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fate>('done') },
  { weight: 1, arbitrary: fc.constantFrom<Fate>('fail', 'lost', 'late', 'twice') },
  { weight: 1, arbitrary: fc.constantFrom<Fate>('die', 'die-after', 'die-late') },
);
/** Few calls leave a process in the middle of something, many let it do something to the end. */
const calls = fc.oneof(
  fc.integer({ min: 1, max: 8 }),
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 40, max: 150 }),
);
const after = fc.constantFrom(0, 1, 1000, 80_000, 90_000_000);
const lag = fc.constantFrom(0, 0, 0, 500);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ who: fc.nat(9), calls, fate, after, lag }) },
  { weight: 1, arbitrary: fc.record({ land: fc.nat(3) }) },
);
const deed: fc.Arbitrary<Deed> = fc.record({
  act: fc.constantFrom('save', 'save', 'save', 'copy', 'remove', 'remove', 'pin', 'evidence'),
  name: fc.constantFrom('a', 'a', 'b', 'c'),
});
const writer: fc.Arbitrary<Writer> = fc.record({
  cluster: fc.constantFrom(0, 0, 1),
  key: fc.constantFrom(-1, 0, 1),
  deeds: fc.array(deed, { minLength: 1, maxLength: 5 }),
});
const history = fc.record({
  writers: fc.array(writer, { minLength: 2, maxLength: 4 }),
  steps: fc.array(step, { maxLength: 20, size: 'max' }),
});

const places: [string, (world: World) => Storage, number, number][] = [
  ['in memory', (world) => new MemoryStorage(world.wallClock), 0, 1000],
  ['in a folder', () => new LocalStorage(mkdtempSync(join(base, 'h-'))), systemClock.now().getTime(), 20],
];

test.each(places)(
  'whatever becomes of saves, removals and their storage %s: what is listed is whole, what was saved is there, and no chain looks tampered with',
  async (_, storage, now, numRuns) => {
    await fc.assert(
      fc.asyncProperty(history, async (history) => {
        const run = new Run(storage, keys, now);
        await run.begin(history);
        for (const each of history.steps) await run.take(each);
        await run.settle();
      }),
      { numRuns },
    );
  },
  120_000,
);
