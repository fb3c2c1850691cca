import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, test } from 'vitest';
import { LocalStorage } from '../storage/local/local.ts';
import type { Storage } from '../storage/storage.ts';
import { Run, type Deed, type Step } from './testing/history.ts';
import type { Fate, World } from './testing/interleaver.ts';
import { MemoryStorage } from './testing/memory-storage.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-histories-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const fate = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Fate>('done') },
  { weight: 1, arbitrary: fc.constantFrom<Fate>('fail', 'lost', 'late', 'twice') },
  { weight: 1, arbitrary: fc.constantFrom<Fate>('fail', 'late', 'die', 'die-after', 'die-late') },
);
/** Few calls leave a process in the middle of something, many let others pass it. */
const calls = fc.oneof(
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 10, max: 40 }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ who: fc.nat(9), calls, fate, after: fc.constantFrom(0, 1, 300) }),
  },
  { weight: 1, arbitrary: fc.record({ land: fc.nat(3) }) },
);
const deed = fc.constantFrom<Deed>(
  'commit',
  'commit',
  'commit',
  'commit twice',
  'renew',
  'withdraw',
  'release',
);
const history = fc.record({
  patienceMs: fc.constantFrom(0, 100),
  deeds: fc.array(fc.array(deed, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 4 }),
  steps: fc.array(step, { maxLength: 90, size: 'max' }),
});

const places: [string, (world: World) => Storage, number][] = [
  ['in memory', (world) => new MemoryStorage(world.wallClock), 1000],
  ['in a folder', () => new LocalStorage(mkdtempSync(join(base, 'h-'))), 20],
];

test.each(places)(
  'whatever writers do, whoever dies and whatever comes late %s, what is done is listed for ever and what is fenced never',
  async (_, storage, numRuns) => {
    await fc.assert(
      fc.asyncProperty(history, async (history) => {
        const run = new Run(storage, history);
        for (const each of history.steps) await run.take(each);
        await run.settle();
      }),
      { numRuns },
    );
  },
  60_000,
);
