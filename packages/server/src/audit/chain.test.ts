import { firstAuditHash, type AuditEntry } from '@holdfast/model/fleet';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auditHash, verifyAudit } from './chain.ts';

function logOf(length: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let n = 1; n <= length; n += 1) {
    const entry = {
      n,
      at: `2026-11-22T10:00:${String(n % 60).padStart(2, '0')}.000Z`,
      by: 'ann',
      token: 't-aaaaa',
      address: '192.0.2.1',
      action: 'putCluster',
      of: `c-${n}aaaaa`,
      cluster: null,
      outcome: 'allowed' as const,
      details: { n, z: 1, a: [null, 'ü'] },
      before: entries.at(-1)?.hash ?? firstAuditHash,
    };
    entries.push({ ...entry, hash: auditHash(entry) });
  }
  return entries;
}

test('a log that nobody touched fits together, also after a way as JSON with other orders of fields', async () => {
  const log = logOf(20);
  expect(await verifyAudit(log)).toBeUndefined();
  expect(await verifyAudit([])).toBeUndefined();
  const turned = log.map((entry) => Object.fromEntries(Object.entries(entry).toReversed()) as AuditEntry);
  expect(await verifyAudit(JSON.parse(JSON.stringify(turned)) as AuditEntry[])).toBeUndefined();
});

test('an entry that is missing, moved, put in or changed is seen where it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 8 }), async (at) => {
      const log = logOf(10);
      const left = log.toSpliced(at, 1);
      const twice = log.toSpliced(at, 0, log[at]!);
      const moved = log.toSpliced(at, 2, log[at + 1]!, log[at]!);
      for (const wrong of [left, twice, moved]) expect(await verifyAudit(wrong)).toBeDefined();
      expect((await verifyAudit(left))?.n).toBe(at + 1);
      for (const field of ['at', 'by', 'action', 'of', 'address', 'token', 'cluster'] as const) {
        const changed = log.with(at, { ...log[at]!, [field]: 'x' });
        expect(await verifyAudit(changed)).toMatchObject({ n: at + 1 });
      }
      const deep = log.with(at, { ...log[at]!, details: { ...log[at]!.details, z: 2 } });
      expect(await verifyAudit(deep)).toMatchObject({ n: at + 1 });
    }),
  );
});

test('a log that was cut off, or made anew, is seen by a head of before', async () => {
  const log = logOf(10);
  const head = log[6]!;
  expect(await verifyAudit(log, head)).toBeUndefined();
  expect(await verifyAudit(log.slice(0, 7), head)).toBeUndefined();
  expect(await verifyAudit(log.slice(0, 6), head)).toEqual({
    ...{ n: 7, why: 'entry 7 is not there: the log was cut off, it had 7 entries' },
  });
  expect(await verifyAudit([], head)).toMatchObject({ n: 1 });
  const forged: AuditEntry[] = [];
  for (const entry of logOf(12)) {
    const chained = { ...entry, by: 'mallory', before: forged.at(-1)?.hash ?? firstAuditHash };
    forged.push({ ...chained, hash: auditHash(chained) });
  }
  expect(await verifyAudit(forged)).toBeUndefined();
  expect(await verifyAudit(forged, head)).toMatchObject({ n: 7 });
});

test('an entry with a new hash of its own no longer leads to the next', async () => {
  const log = logOf(5);
  const forged = { ...log[2]!, by: 'somebody else' };
  const wrong = log.with(2, { ...forged, hash: auditHash(forged) });
  expect(await verifyAudit(wrong)).toEqual({ n: 4, why: 'entry 4 does not follow the one before it' });
});

test('that the newest entries were cut off cannot be seen', async () => {
  expect(await verifyAudit(logOf(10).slice(0, 7))).toBeUndefined();
});
