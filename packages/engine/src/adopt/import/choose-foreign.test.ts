import { describe, expect, test } from 'vitest';
import type { ForeignScan, ForeignSnapshot } from '../foreign.ts';
import { chooseForeign } from './choose-foreign.ts';

/** Oldest first, as a scan has them: path, then what is not as usual. */
function scanOf(...found: (readonly [string, Partial<ForeignSnapshot>?])[]): ForeignScan {
  const snapshots = found.map(
    ([path, more]) =>
      ({ path, name: path.split('/').at(-1)!, cluster: null, restorable: true, ...more }) as ForeignSnapshot,
  );
  return { snapshots, unknown: [], repositories: [], passedOver: [] };
}

const chosen = (scan: ForeignScan, selector: string): string =>
  chooseForeign(scan, selector, '/backups').path;

test('a name is matched whole, and a path goes before it', () => {
  const scan = scanOf(['snap1'], ['snap10'], ['a/two'], ['b/two'], ['b/snap1.zip', { name: 'b/three' }]);
  expect(chosen(scan, 'snap1')).toBe('snap1');
  expect(chosen(scan, 'a/two')).toBe('a/two');
  expect(() => chosen(scan, 'snap')).toThrow(expect.objectContaining({ code: 'foreign-missing' }));
  expect(() => chosen(scan, 'two')).toThrow(
    expect.objectContaining({ code: 'foreign-ambiguous', why: 'it could be a/two, b/two' }),
  );
});

describe('latest', () => {
  test('is the newest that can be restored', () => {
    expect(chosen(scanOf(['one'], ['two'], ['three', { restorable: false }]), 'latest')).toBe('two');
    expect(() => chosen(scanOf(['one', { restorable: false }]), 'latest')).toThrow(
      expect.objectContaining({ code: 'foreign-missing' }),
    );
  });

  test('is nobody’s where several clusters left theirs', () => {
    const scan = scanOf(['a1', { cluster: 'a' }], ['b1', { cluster: 'b' }], ['a2', { cluster: 'a' }]);
    expect(() => chosen(scan, 'latest')).toThrow(
      expect.objectContaining({ code: 'foreign-ambiguous', why: 'it could be a2, b1' }),
    );
  });

  test('is no file of that name, unless that is the newest', () => {
    expect(chosen(scanOf(['one'], ['latest']), 'latest')).toBe('latest');
    expect(() => chosen(scanOf(['latest'], ['one']), 'latest')).toThrow(
      expect.objectContaining({ code: 'foreign-ambiguous', why: 'it could be one, latest' }),
    );
  });
});
