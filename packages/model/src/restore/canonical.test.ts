import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical.ts';

test('keys are sorted at every depth, and nothing else is', () => {
  const value = { b: [3, { z: 1, a: 'é"' }], a: null, 10: true, 9: 1.5, gone: undefined };
  expect(canonicalJson(value)).toBe('{"10":true,"9":1.5,"a":null,"b":[3,{"a":"é\\"","z":1}]}');
});

test('it says what JSON says, whatever the order of the keys', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(reversed(value))).toBe(text);
    }),
  );
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, field]) => [key, reversed(field)]),
  );
}
