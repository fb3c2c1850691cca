import type { JournalRecord } from '@holdfast/model';
import { expect, test } from 'vitest';
import { joinJournals } from './restore-state.ts';

/** A journal of steps that begin, from a number on, as one of its leaders tells it. */
function told(from: number, to: number, second = 0): JournalRecord[] {
  return Array.from({ length: to - from }, (_, i) => ({
    ...{ n: from + i, event: 'begin', step: from + i + 1 },
    at: `2026-11-20T10:00:0${second}.000Z`,
  }));
}

test('what each tells again changes nothing, also before it has told all of it', () => {
  expect(joinJournals([told(0, 5), told(0, 2)])).toEqual(told(0, 5));
  expect(joinJournals([told(0, 5), told(0, 5), told(0, 5)])).toEqual(told(0, 5));
});

test('what one had no time to tell comes with the next', () => {
  expect(joinJournals([told(0, 2), told(0, 7)])).toEqual(told(0, 7));
  expect(joinJournals([[], told(0, 3)])).toEqual(told(0, 3));
});

test('where two differ the later one counts, and nothing after it that the earlier one told', () => {
  const later = [...told(0, 3), ...told(3, 4, 7)];
  expect(joinJournals([told(0, 6), later])).toEqual(later);
});

test('what comes after a hole does not count', () => {
  expect(joinJournals([told(0, 2), told(4, 6)])).toEqual(told(0, 2));
});
