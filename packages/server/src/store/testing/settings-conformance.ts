import { describe, expect, it } from 'vitest';
import { moment } from './samples.ts';
import type { Opened } from './store-conformance.ts';

/** Settings, duties, and replies that are given again. */
export function settingsConformance(opened: Opened): void {
  describe('settings', () => {
    settings(opened);
  });
  describe('replies', () => {
    replies(opened);
  });
}

function settings({ store, other, reopened }: Opened): void {
  it('set once are the same for all replicas that begin at once', async () => {
    const stores = [store(), await other()];
    const values = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => stores[n % 2]!.settings.setOnce('ca', Uint8Array.of(n, 255))),
    );
    expect(new Set(values.map(String)).size).toBe(1);
    await store().settings.set('other', Uint8Array.of(1));
    await store().settings.set('other', Uint8Array.of(2));
    const again = await reopened();
    expect(await again.settings.get('ca')).toEqual(values[0]);
    expect(await again.settings.get('other')).toEqual(Uint8Array.of(2));
    expect(await again.settings.get('none')).toBeUndefined();
  });

  it('a duty is of one replica, until it does not ask again', async () => {
    const { settings } = store();
    const stores = [store(), await other()];
    const leads = await Promise.all(
      Array.from({ length: 8 }, async (_, n) =>
        stores[n % 2]!.settings.lead('x', `r-${n}`, moment(0), moment(9)),
      ),
    );
    expect(leads.filter(Boolean)).toHaveLength(1);
    expect(await settings.lead('alerts', 'one', moment(0), moment(10))).toBe(true);
    expect(await settings.lead('alerts', 'two', moment(9), moment(19))).toBe(false);
    expect(await settings.lead('alerts', 'one', moment(9), moment(19))).toBe(true);
    expect(await settings.lead('alerts', 'two', moment(18), moment(28))).toBe(false);
    expect(await settings.lead('alerts', 'two', moment(19), moment(29))).toBe(true);
    expect(await settings.lead('alerts', 'one', moment(19), moment(29))).toBe(false);
  });
}

function replies({ store, other }: Opened): void {
  it('are begun once, and told to who asks again', async () => {
    const stores = [store(), await other()];
    const begun = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => stores[n % 2]!.replies.begin('u', 'k', 'hash', moment(9))),
    );
    expect(begun.filter((each) => each === undefined)).toHaveLength(1);
    expect(begun.filter((each) => each?.request === 'hash' && each.reply === null)).toHaveLength(7);
    const reply = { status: 201, headers: { etag: '"1"' }, body: '{"é":1}' };
    const { replies } = store();
    await replies.hold('u', 'k', moment(10));
    expect(await replies.begin('u', 'k', 'hash', moment(9))).toEqual({
      ...{ request: 'hash', reply: null, until: moment(10) },
    });
    await replies.finish('u', 'k', reply, moment(9));
    await replies.hold('u', 'k', moment(20));
    expect(await replies.begin('u', 'k', 'other', moment(9))).toEqual({
      ...{ request: 'hash', reply, until: moment(9) },
    });
    expect(await replies.begin('v', 'k', 'other', moment(9))).toBeUndefined();
    await replies.forget('v', 'k');
    expect(await replies.begin('v', 'k', 'other', moment(10))).toBeUndefined();
    expect(await replies.begin('w', 'k', 'other', moment(3))).toBeUndefined();
    expect(await replies.begin('x', 'k', 'other', moment(1))).toBeUndefined();
    await replies.removeExpired(moment(10), moment(2));
    expect(await replies.begin('u', 'k', 'hash', moment(20))).toBeUndefined();
    const unanswered = { request: 'other', reply: null };
    expect(await replies.begin('v', 'k', 'hash', moment(20))).toMatchObject(unanswered);
    expect(await replies.begin('w', 'k', 'hash', moment(20))).toMatchObject(unanswered);
    expect(await replies.begin('x', 'k', 'hash', moment(20))).toBeUndefined();
  });
}
