import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideTrust, TrustPolicy, type TrustDecision, type TrustFacts } from './trust-policy.ts';

interface Golden {
  /** Why the answer is right. */
  readonly reason: string;
  readonly policy: unknown;
  readonly facts: TrustFacts;
  readonly decision: TrustDecision;
}

const folder = new URL('golden/policy/', import.meta.url);

describe('a manifest is trusted as the golden file says:', () => {
  test.each(readdirSync(folder))('%s', (file) => {
    const golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;
    expect(golden.reason).not.toBe('');
    expect(decideTrust(TrustPolicy.parse(golden.policy), golden.facts)).toEqual(golden.decision);
  });
});

const ids = ['A', 'B', 'C', 'D'].map((letter) => `SHA256:${letter.repeat(42)}A`);
const time = fc.integer({ min: 0, max: 9 }).map((day) => `2026-11-1${day}T00:00:00Z`);
const policy = fc
  .record({
    require: fc.constantFrom('signed' as const, 'any' as const),
    keys: fc.uniqueArray(
      fc.record(
        { keyid: fc.constantFrom(...ids), from: time, until: time, revokedAt: time },
        { requiredKeys: ['keyid'] },
      ),
      { selector: ({ keyid }) => keyid },
    ),
  })
  .map(({ require, keys }) => ({
    require,
    keys: keys.map((key) => ({ ...key, name: `key ${ids.indexOf(key.keyid)}` })),
  }));
const facts = fc
  .record({
    form: fc.constantFrom('signed-envelope' as const, 'signed-envelope' as const, 'v1' as const),
    signatures: fc.array(fc.constantFrom('signedBy', 'broken', 'unknown', 'none'), {
      minLength: 4,
      maxLength: 4,
    }),
    capturedAt: time,
  })
  .map(({ form, signatures, capturedAt }): TrustFacts => {
    const which = (kind: string): string[] =>
      form === 'v1' ? [] : ids.filter((_, i) => signatures[i] === kind);
    return {
      form,
      signedBy: which('signedBy'),
      broken: which('broken'),
      unknown: which('unknown'),
      capturedAt,
    };
  });

describe('whatever a manifest bears,', () => {
  test('only a signature that fits, of a key that is not revoked and whose time it is, proves it', () => {
    fc.assert(
      fc.property(policy, facts, (policy, facts) => {
        const { trusted, by, why } = decideTrust(policy, facts);
        expect(why).toMatch(/^[a-z].*[^.]$/);
        for (const { keyid } of by) {
          const key = policy.keys.find((each) => each.keyid === keyid);
          expect(key).toBeDefined();
          expect(facts.signedBy).toContain(keyid);
          expect(key?.revokedAt).toBeUndefined();
          expect(facts.capturedAt >= (key?.from ?? '') && facts.capturedAt < (key?.until ?? '9')).toBe(true);
        }
        if (policy.require === 'signed') expect(trusted).toBe(by.length > 0);
        else expect(trusted).toBe(by.length > 0 || facts.broken.length === 0);
      }),
    );
  });

  test('revoking a key never makes anything trusted, and what is added to an envelope takes no trust away', () => {
    fc.assert(
      fc.property(policy, facts, fc.nat({ max: 3 }), (policy, facts, at) => {
        const revoked = {
          ...policy,
          keys: policy.keys.map((key, i) => (i === at ? { ...key, revokedAt: '2026-11-10T00:00:00Z' } : key)),
        };
        if (!decideTrust(policy, facts).trusted) expect(decideTrust(revoked, facts).trusted).toBe(false);
        const added = {
          ...facts,
          broken: [...facts.broken, ids[at]!],
          unknown: [...facts.unknown, ids[at]!],
        };
        const { by } = decideTrust(policy, facts);
        expect(decideTrust(policy, added).by).toEqual(by);
        if (by.length > 0) expect(decideTrust(policy, added).trusted).toBe(true);
      }),
    );
  });
});

const parse = (...keys: object[]) => TrustPolicy.safeParse({ require: 'signed', keys }).success;

test('a policy is refused when a key stands in it twice, ends before it begins, or has an id that is none', () => {
  const [keyid = '', other = ''] = ids;
  expect(parse({ keyid, name: 'one' }, { keyid: other, name: 'other' })).toBe(true);
  expect(parse({ keyid, name: 'one' }, { keyid, name: 'again', revokedAt: '2026-11-10T00:00:00Z' })).toBe(
    false,
  );
  expect(parse({ keyid, name: 'one', from: '2026-11-10T00:00:00Z', until: '2026-11-10T00:00:00Z' })).toBe(
    false,
  );
  expect(parse({ keyid: `${keyid.slice(0, -1)}B`, name: 'spare bits' })).toBe(false);
  expect(parse({ keyid: `${keyid}=`, name: 'padded' })).toBe(false);
  expect(parse({ keyid, name: '' })).toBe(false);
  expect(TrustPolicy.safeParse({ require: 'some', keys: [] }).success).toBe(false);
});
