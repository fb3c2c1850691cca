import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatRevision, keyValueFields, NewestRecords, parseKeyValue, parseRevision } from './index.ts';
import { fate } from './newest-records.ts';

describe('revision keys', () => {
  const revisions = fc.record({ main: fc.maxSafeNat(), sub: fc.maxSafeNat(), tombstone: fc.boolean() });

  test('are read as written, in byte order', () => {
    fc.assert(
      fc.property(revisions, revisions, (a, b) => {
        expect(parseRevision(formatRevision(a))).toEqual(a);
        const order = a.main - b.main || a.sub - b.sub || Number(a.tombstone) - Number(b.tombstone);
        expect(Math.sign(Buffer.compare(formatRevision(a), formatRevision(b)))).toBe(Math.sign(order));
      }),
    );
  });

  test('anything else is none', () => {
    const good = formatRevision({ main: 7, sub: 0, tombstone: true });
    expect(parseRevision(good.with(17, 0x75))).toBeNull();
    expect(parseRevision(good.with(8, 0x5e))).toBeNull();
    expect(parseRevision(good.with(0, 1))).toBeNull();
    expect(parseRevision(good.subarray(0, 16))).toBeNull();
    expect(parseRevision(new Uint8Array(0))).toBeNull();
  });
});

describe('KeyValue', () => {
  const fields = keyValueFields();
  const parse = (hex: string) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    return parseKeyValue(bytes, 0, bytes.length, fields);
  };

  test('gives its fields, those of a later etcd stepped over', () => {
    expect(parse('0a026b31 10ac02 18ac02 2001 2a0176 3007 3a0100 4001')).toBeNull();
    expect(fields).toMatchObject({ keyFrom: 2, keyTo: 4, createRevision: 300, modRevision: 300, version: 1 });
    expect(fields).toMatchObject({ valueFrom: 14, valueTo: 15, leaseAt: 16 });
  });

  test.each([
    ['0a05aa', 'longer than the record'],
    ['10ff', 'does not end'],
    ['10ffffffffffffffffffff01', 'does not end'],
    ['0801', 'wrong type'],
    ['1200', 'wrong type'],
    ['0d00000000', 'a type that etcd does not use'],
    ['02', 'no valid tag'],
    ['ff', 'no valid tag'],
  ])('%s is none', (hex, why) => {
    expect(parse(hex)).toMatch(why);
  });
});

const text = (n: number) => Buffer.from(`/registry/${'x'.repeat(n % 9)}/${n}`);

test('the newest records equal a map of them, through growth', () => {
  const note = fc.record({ key: fc.nat(3000), tombstone: fc.boolean() });
  fc.assert(
    fc.property(fc.array(note, { maxLength: 3000, size: 'max' }), fc.array(fc.nat(3000)), (before, after) => {
      const table = new NewestRecords(8);
      before.forEach(({ key, tombstone }, i) =>
        table.noteBefore(text(key), 0, text(key).length, i, tombstone),
      );
      for (const key of after) table.noteAfter(text(key), 0, text(key).length);
      const last = new Map(before.map(({ key }, i) => [key, i]));
      const later = new Set(after);
      before.forEach(({ key, tombstone }, i) => {
        if (tombstone) return;
        const wanted = last.get(key) !== i ? fate.compacted : later.has(key) ? fate.superseded : fate.newest;
        expect(table.fateOf(text(key), 0, text(key).length, i)).toBe(wanted);
      });
      for (const key of [...later, 4000]) {
        const wanted = last.has(key) ? fate.compacted : later.has(key) ? fate.superseded : fate.newest;
        expect(table.fateOf(text(key), 0, text(key).length, -1)).toBe(wanted);
      }
    }),
    { numRuns: 30 },
  );
});
