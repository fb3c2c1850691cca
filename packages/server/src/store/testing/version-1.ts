import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Store } from '../store.ts';
import { moment, operation, order, snapshot } from './samples.ts';

/** A database of schema version 1 as statements, with a row of each table. */
export function versionOne(kind: Store['kind']): string {
  return readFileSync(
    join(import.meta.dirname, '..', 'migrations', 'fixtures', `version-1.${kind}.sql`),
    'utf8',
  );
}

/** That what was in it is there still. */
export async function expectVersionOne(store: Store): Promise<void> {
  expect(await store.clusters.get('c-aaaaa')).toMatchObject({ spec: { name: 'prod' }, heldBy: 'op-aaaaa' });
  expect(await store.nodes.all()).toMatchObject([
    {
      id: 'n-aaaaa',
      seenAt: moment(2),
      clockSkewMs: -12,
      inventory: { notes: ["it's é"] },
      inventoryHash: 'hash',
    },
  ]);
  expect(await store.joinTokens.get('jaaaaa')).toMatchObject({ usesLeft: 3, expiresAt: moment(60) });
  const repository = {
    sealed: Uint8Array.of(0, 1, 127, 128, 255),
    reachable: true,
    secretNames: ['passphrase'],
  };
  expect(await store.repositories.get('main')).toMatchObject(repository);
  expect(await store.policies.get('c-aaaaa', 'daily')).toMatchObject({
    times: { last: { save: moment(5) }, next: { save: moment(86_405) } },
    lastOutcome: 'ok',
  });
  expect(await store.snapshots.all('c-aaaaa')).toEqual([
    snapshot('two', { policy: 'daily', missing: true }),
    snapshot('one'),
  ]);
  const due = { policy: 'daily', scheduledFor: moment(5), trigger: 'schedule' } as const;
  const running = operation('op-aaaaa', { ...due, state: 'running', startedAt: moment(6) });
  expect(await store.operations.get('op-aaaaa')).toEqual(running);
  expect((await store.operations.events('op-aaaaa', 0, 9)).map(({ type }) => type)).toEqual([
    'state',
    'progress',
  ]);
  expect(await store.operations.renew('r-one', ['op-aaaaa'], moment(99))).toEqual(['op-aaaaa']);
  expect(await store.operations.create(operation('op-bbbbb', due))).toEqual({
    operation: running,
    isNew: false,
  });
  expect(await store.orders.get('o-aaaaa')).toMatchObject({ order: order('o-aaaaa'), settledAt: moment(10) });
  expect(await store.orders.events('o-aaaaa', 0)).toHaveLength(1);
  expect(await store.orders.progress('o-aaaaa')).toMatchObject({ n: 1, data: { bytes: 9 } });
  expect(await store.users.byName('alice')).toMatchObject({ id: 'u-aaaaa', disabled: false });
  expect(await store.tokens.get('t-aaaaa')).toMatchObject({ login: true, expiresAt: moment(99) });
  const before = await store.audit.last();
  expect(before).toMatchObject({ n: 2, action: 'saves.create' });
  const next = await store.audit.append({ ...before!, at: moment(20) });
  expect(next).toMatchObject({ n: 3, before: before!.hash });
  expect(await store.alerts.open()).toMatchObject([{ key: 'skew c-aaaaa n-aaaaa' }]);
  expect(await store.alerts.claimNotices(moment(13), moment(14), 9)).toMatchObject([{ receiver: 'r-aaaaa' }]);
  expect(await store.receivers.get('r-aaaaa')).toMatchObject({ lastTold: { ok: true } });
  expect(await store.settings.get('ca')).toEqual(Uint8Array.of(1, 2, 3, 254));
  expect(await store.settings.lead('alerts', 'r-two', moment(42), moment(99))).toBe(false);
  expect(await store.replies.begin('u-aaaaa', 'key', 'x', moment(99))).toMatchObject({
    reply: { status: 201 },
  });
}
