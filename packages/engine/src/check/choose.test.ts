import { limits } from '@holdfast/base';
import type { SnapshotEntry } from '@holdfast/repository';
import { expect, test } from 'vitest';
import { chooseToRead } from './choose.ts';

const entry = (cluster: string, name: string): SnapshotEntry =>
  ({ cluster: { id: cluster, name: cluster }, name }) as SnapshotEntry;
const snapshots = Array.from({ length: 60 }, (_, n) => entry(n % 3 === 0 ? 'one' : 'other', `s${n}`));
const start = Date.parse('2026-11-20T12:00:00Z');

const names = (choice: Parameters<typeof chooseToRead>[1]) =>
  chooseToRead(snapshots, choice, new Date(start)).map(({ name }) => name);

test('a sample has the newest of each cluster, and all are read in as many days as there are parts', () => {
  const read = new Set<string>();
  for (let day = 0; day < limits.checkParts; day += 1) {
    const sample = chooseToRead(snapshots, 'sample', new Date(start + day * 86_400_000)).map(
      ({ name }) => name,
    );
    expect(sample).toEqual(expect.arrayContaining(['s57', 's59']));
    expect(sample.length).toBeLessThan(snapshots.length / 2);
    for (const name of sample) read.add(name);
  }
  expect(read.size).toBe(snapshots.length);
});

test('names, all and none are what they say', () => {
  expect(names('all')).toHaveLength(60);
  expect(names('none')).toEqual([]);
  expect(names(['s7', 's3'])).toEqual(['s3', 's7']);
  expect(() => names(['s7', 's99'])).toThrow(expect.objectContaining({ code: 'snapshot-missing' }));
});
