import { join, normalize } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkKey, isKey } from './key.ts';

test.each([
  'a',
  'clusters/59c5e2dd-5902-84f8-a77e-cc5978b96b4c/cluster.json',
  'a/2020-10-15T14:53:26+02:00_etcd',
])('%s is a key', (key) => expect(checkKey(key)).toBe(key));

test('no key, joined to a folder, leads out of it or to another place than it says', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('a', '.', '..', '/', '\\', '\0', 'b', '...', ' '), { maxLength: 9 })
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (key) => {
      if (!isKey(key)) {
        expect(() => checkKey(key)).toThrow(RangeError);
        return;
      }
      expect(normalize(key)).toBe(key);
      expect(join('/repository', key)).toBe(`/repository/${key}`);
      expect(key).not.toMatch(/\0|\\|(^|\/)(\.|\/|$)/);
    }),
    { numRuns: 500 },
  );
});

test('parts are no longer than a file system takes, keys no longer than S3 takes', () => {
  expect(isKey('ä'.repeat(127))).toBe(true);
  expect(isKey('ä'.repeat(128))).toBe(false);
  expect(isKey(Array(512).fill('a').join('/'))).toBe(true);
  expect(isKey(Array(513).fill('a').join('/'))).toBe(false);
});
