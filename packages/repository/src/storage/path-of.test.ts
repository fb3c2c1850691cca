import { expect, test } from 'vitest';
import { LocalStorage } from './local/local.ts';
import { pathOf } from './path-of.ts';

test('an object is named as its user would name it', () => {
  expect(pathOf(new LocalStorage('/backup'), 'a/b')).toBe('/backup/a/b');
  expect(pathOf({ location: 's3://bucket/folder', localPath: () => undefined }, 'a/b')).toBe(
    's3://bucket/folder/a/b',
  );
});
