import { createHash } from 'node:crypto';
import { canonicalJson } from '@holdfast/model';
import { firstAuditHash, type AuditEntry } from '@holdfast/model/fleet';
import { describe, expect, it } from 'vitest';
import { moment, user } from './samples.ts';
import type { Opened } from './store-conformance.ts';

/** Users, tokens and the audit log. */
export function peopleConformance(opened: Opened): void {
  describe('users', () => {
    users(opened);
  });
  describe('tokens', () => {
    tokens(opened);
  });
  describe('the audit log', () => {
    audit(opened);
  });
}

function users({ store }: Opened): void {
  it('have one name each, are changed by version and go with their tokens', async () => {
    const { users, tokens } = store();
    const alice = user('u-aaaaa', 'alice');
    expect(await users.create(alice)).toEqual(alice);
    expect(await users.create(user('u-bbbbb', 'alice'))).toBeNull();
    await users.create(user('u-ccccc', 'Bob'));
    expect((await users.all()).map(({ name }) => name)).toEqual(['Bob', 'alice']);
    const grants = [{ role: 'admin', cluster: 'c-aaaaa' }] as const;
    const put = await users.put('u-aaaaa', 1, { grants: [...grants], disabled: true });
    expect(put).toEqual({ put: { ...alice, grants, disabled: true, version: 2 } });
    expect(await users.put('u-aaaaa', 1, { password: 'new' })).toMatchObject({
      conflict: { password: 'scrypt:…' },
    });
    expect(await users.put('u-aaaaa', null, { password: 'new' })).toMatchObject({
      put: { password: 'new', disabled: true, version: 3 },
    });
    expect(await users.put('u-zzzzz', null, {})).toEqual({ missing: true });
    expect(await users.byName('alice')).toMatchObject({ id: 'u-aaaaa', password: 'new' });
    await tokens.create(token('t-aaaaa'));
    expect([await users.remove('u-aaaaa'), await users.remove('u-aaaaa')]).toEqual([true, false]);
    expect(await users.get('u-aaaaa')).toBeUndefined();
    expect(await tokens.get('t-aaaaa')).toBeUndefined();
  });
}

function token(id: string, changed: object = {}) {
  return {
    ...{ id, user: 'u-aaaaa', description: 'd', createdAt: moment(0), expiresAt: null, lastUsedAt: null },
    ...{ grants: null, hash: 'h', login: false },
    ...changed,
  };
}

function tokens({ store }: Opened): void {
  it('are found, used many at once, and ended', async () => {
    const { users, tokens } = store();
    await users.create(user('u-aaaaa', 'alice'));
    const narrow = token('t-bbbbb', {
      grants: [{ role: 'viewer', cluster: 'c-aaaaa' }],
      createdAt: moment(1),
    });
    for (const each of [
      narrow,
      token('t-aaaaa'),
      token('t-ccccc', { login: true, createdAt: moment(2) }),
      token('t-ddddd', { login: true, createdAt: moment(3) }),
      token('t-eeeee', { expiresAt: moment(5), createdAt: moment(4) }),
    ])
      await tokens.create(each);
    expect(await tokens.get('t-bbbbb')).toEqual(narrow);
    await tokens.used([], moment(7));
    await tokens.used(['t-bbbbb', 't-aaaaa', 't-zzzzz'], moment(7));
    expect((await tokens.ofUser('u-aaaaa')).map(({ id, lastUsedAt }) => [id, lastUsedAt])).toEqual([
      ['t-aaaaa', moment(7)],
      ['t-bbbbb', moment(7)],
      ['t-ccccc', null],
      ['t-ddddd', null],
      ['t-eeeee', null],
    ]);
    await tokens.removeLogins('u-aaaaa', 't-ddddd');
    expect(await tokens.get('t-ccccc')).toBeUndefined();
    await tokens.removeLogins('u-aaaaa', null);
    await tokens.removeExpired(moment(5));
    expect((await tokens.ofUser('u-aaaaa')).map(({ id }) => id)).toEqual(['t-aaaaa', 't-bbbbb', 't-eeeee']);
    await tokens.removeExpired(moment(6));
    expect([await tokens.remove('t-aaaaa'), await tokens.remove('t-aaaaa')]).toEqual([true, false]);
    expect((await tokens.ofUser('u-aaaaa')).map(({ id }) => id)).toEqual(['t-bbbbb']);
    await expect(tokens.create(token('t-fffff', { user: 'u-zzzzz' }))).rejects.toMatchObject({
      code: 'user-unknown',
    });
  });
}

const entry = (n: number, changed: object = {}): Omit<AuditEntry, 'n' | 'before' | 'hash'> => {
  const what = { by: 'alice', token: null, address: '::1', action: 'x', of: null, cluster: null };
  return { at: moment(n), ...what, outcome: 'allowed', details: { z: [1], a: 'é' }, ...changed };
};

function audit({ store, other, reopened }: Opened): void {
  it('is one chain, whoever appends at once', async () => {
    const stores = [store(), await other()];
    await Promise.all(
      Array.from({ length: 30 }, async (_, n) =>
        n % 3 === 0
          ? stores[n % 2]!.transaction(async ({ audit }) => audit.append(entry(n)))
          : stores[n % 2]!.audit.append(entry(n)),
      ),
    );
    const again = await reopened();
    const { items, next } = await again.audit.list({ limit: 100 });
    expect(next).toBeNull();
    expect(items.map(({ n }) => n)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
    let before = firstAuditHash;
    for (const { hash, ...body } of items) {
      expect(body.before).toBe(before);
      expect(createHash('sha256').update(canonicalJson(body)).digest('hex')).toBe(hash);
      before = hash;
    }
    expect(await again.audit.last()).toEqual(items.at(-1));
  });

  it('takes no number where what it was part of did not happen', async () => {
    const failing = store().transaction(async ({ audit }) => {
      await audit.append(entry(0));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await store().audit.last()).toBeUndefined();
    expect(await store().audit.append(entry(1))).toMatchObject({ n: 1, before: firstAuditHash });
  });

  it('is read by number, page by page, and filtered', async () => {
    const { audit } = store();
    for (let n = 0; n < 5; n++)
      await audit.append(entry(n, n % 2 === 0 ? { cluster: 'c-aaaaa' } : { by: 'bob' }));
    const numbers = async (asked: object) => {
      const page = await audit.list({ limit: 2, ...asked });
      return [page.items.map(({ n }) => n), page.next] as const;
    };
    const [first, next] = await numbers({});
    expect(first).toEqual([1, 2]);
    expect((await numbers({ after: next }))[0]).toEqual([3, 4]);
    expect(await numbers({ cluster: 'c-aaaaa', limit: 9 })).toEqual([[1, 3, 5], null]);
    expect(await numbers({ by: 'bob', limit: 9 })).toEqual([[2, 4], null]);
    expect(await numbers({ since: moment(3), limit: 9 })).toEqual([[4, 5], null]);
  });
}
