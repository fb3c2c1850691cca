import { isAllowed, permissions, roleNames, type Grant } from '@holdfast/model/fleet';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { narrow } from './narrow.ts';

const clusters = [null, 'c-aaaaa', 'c-bbbbb', 'c-ccccc'];
const grant: fc.Arbitrary<Grant> = fc.record({
  role: fc.constantFrom(...roleNames),
  cluster: fc.constantFrom(...clusters),
});

test('what is narrowed allows exactly what both allow', () => {
  fc.assert(
    fc.property(fc.array(grant, { maxLength: 6 }), fc.array(grant, { maxLength: 6 }), (user, token) => {
      const narrowed = narrow(user, token);
      for (const permission of permissions) {
        for (const cluster of clusters) {
          expect(isAllowed(narrowed, permission, cluster)).toBe(
            isAllowed(user, permission, cluster) && isAllowed(token, permission, cluster),
          );
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

test('narrowed again by the same it stays as it is', () => {
  fc.assert(
    fc.property(fc.array(grant, { maxLength: 6 }), fc.array(grant, { maxLength: 6 }), (user, token) => {
      const once = narrow(user, token);
      const twice = narrow(once, token);
      for (const permission of permissions)
        for (const cluster of clusters)
          expect(isAllowed(twice, permission, cluster)).toBe(isAllowed(once, permission, cluster));
    }),
  );
});

test('a token without grants of its own may what its user may', () => {
  const user: Grant[] = [{ role: 'operator', cluster: 'c-aaaaa' }];
  expect(narrow(user, null)).toEqual(user);
  expect(narrow(user, [])).toEqual([]);
});

test('an auditor and a restorer have in common that they see', () => {
  expect(narrow([{ role: 'auditor', cluster: null }], [{ role: 'restorer', cluster: 'c-aaaaa' }])).toEqual([
    { role: 'viewer', cluster: 'c-aaaaa' },
  ]);
});
