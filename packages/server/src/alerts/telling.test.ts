import type { ReceiverSpec } from '@holdfast/model/fleet';
import { testReceiver, type TestReceiver } from '@holdfast/test-servers';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { ServerContext } from '../context.ts';
import { testContext, type TestContext } from '../testing/context.ts';
import { deliver } from './courier.ts';
import { evaluate } from './evaluate.ts';
import { beat } from './heartbeat.ts';
import { makeAlerts } from './make-alerts.ts';
import { sealReceiver } from './receiver-secret.ts';

const { signal } = new AbortController();

interface World extends AsyncDisposable {
  readonly context: TestContext;
  readonly receiver: TestReceiver;
  readonly add: (spec: ReceiverSpec, path?: string) => Promise<string>;
  /** The agent of the only node is heard, now. */
  readonly hear: () => Promise<void>;
  /** Begins and ends as the receiver was told of them, each told once however often it was sent. */
  readonly heard: () => string[];
}

async function world(): Promise<World> {
  const context = await testContext();
  const receiver = await testReceiver();
  const { store, clock, sealer } = context;
  const at = clock.now().toISOString();
  await store.clusters.create({
    id: 'c-11111',
    spec: { name: 'prod', description: '', distribution: 'etcd', repositories: [], approvals: 0 },
    createdAt: at,
  });
  const node = { id: 'n-11111', cluster: 'c-11111', name: 'cp-1', joinedAt: at, certificateNotAfter: null };
  await store.nodes.create(node);
  let count = 0;
  return {
    context,
    receiver,
    async add(spec, path = '/secret-path') {
      const id = `r-1111${(count += 1)}`;
      const sealed = sealReceiver(sealer, id, { url: `${receiver.url}${path}` });
      await store.receivers.create({ id, spec, sealed });
      return id;
    },
    async hear() {
      const seen = { node: 'n-11111', at: clock.now().toISOString(), agentVersion: '1', clockSkewMs: 0 };
      await store.nodes.seen([seen]);
    },
    heard() {
      const told = new Map<string, string>();
      for (const { body } of receiver.received)
        for (const alert of (JSON.parse(body) as { alerts: { id: string; status: string }[] }).alerts)
          if (!told.has(alert.id)) told.set(alert.id, alert.status);
      return [...told.values()];
    },
    async [Symbol.asyncDispose]() {
      await receiver[Symbol.asyncDispose]();
      await context[Symbol.asyncDispose]();
    },
  };
}

async function testWorld(): Promise<World> {
  const made = await world();
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

/** Evaluates twice a minute until the receiver may have been told of what is so now. */
async function settle({ context, hear }: World, isHeard: boolean): Promise<void> {
  for (let minute = 0; minute < 30; minute += 1) {
    context.clock.advance(30_000);
    if (isHeard) await hear();
    await evaluate(context);
    await deliver(context, signal);
  }
}

test('a webhook hears once that a node is gone and once that it is back, with its secret address nowhere', async () => {
  const its = await testWorld();
  await its.add({ kind: 'webhook', name: 'ops' });
  await settle(its, false);
  await settle(its, true);
  expect(its.heard()).toEqual(['firing', 'resolved']);
  expect(its.receiver.received).toHaveLength(2);
  expect(JSON.parse(its.receiver.received[0]!.body)).toMatchObject({
    ...{ kind: 'AlertNotice', version: '4', status: 'firing', server: 'holdfast' },
    text: expect.stringContaining('[critical] c-11111: The agent of cp-1 of prod was never heard'),
    alerts: [{ labels: { alertname: 'node-gone', cluster: 'c-11111', of: 'n-11111', severity: 'critical' } }],
  });
  expect(its.context.logged()).not.toContain('secret-path');
});

test('a chat gets text alone', async () => {
  const its = await testWorld();
  await its.add({ kind: 'slack', name: 'ops' });
  await settle(its, false);
  expect(its.receiver.received.map(({ body }) => Object.keys(JSON.parse(body) as object))).toEqual([
    ['text'],
  ]);
});

test('a receiver that is down is told later, of everything in order, and others meanwhile', async () => {
  const its = await testWorld();
  const { context } = its;
  const down = await its.add({ kind: 'webhook', name: 'down' }, '/down');
  await its.add({ kind: 'webhook', name: 'up' }, '/up');
  let isDown = true;
  its.receiver.answer = ({ path }) => (path === '/down' && isDown ? 503 : 200);
  await settle(its, false);
  await settle(its, true);
  expect(await context.store.receivers.get(down)).toMatchObject({
    lastTold: { ok: false, why: 'it answers with status 503' },
  });
  expect(its.receiver.received.filter(({ path }) => path === '/up')).toHaveLength(2);
  isDown = false;
  const before = its.receiver.received.length;
  await settle(its, true);
  const statuses = its.receiver.received
    .slice(before)
    .flatMap(({ body }) => (JSON.parse(body) as { alerts: { status: string }[] }).alerts)
    .map(({ status }) => status);
  expect(statuses).toEqual(['firing', 'resolved']);
  expect(await context.store.receivers.get(down)).toMatchObject({ lastTold: { ok: true } });
});

test('a heartbeat is asked for while all is well: others are told, or nothing critical is open', async () => {
  const its = await testWorld();
  const { context, receiver } = its;
  await its.add({ kind: 'heartbeat', name: 'watch' }, '/beat');
  expect(await beat(context, { critical: 0 }, signal)).toBe(true);
  expect(receiver.received).toMatchObject([{ method: 'GET', path: '/beat' }]);
  expect(await beat(context, { critical: 1 }, signal)).toBe(false);
  const webhook = await its.add({ kind: 'webhook', name: 'ops' });
  expect(await beat(context, { critical: 1 }, signal)).toBe(true);
  await context.store.receivers.setTold(webhook, { at: '2026-11-22T10:00:00.000Z', ok: false, why: 'down' });
  expect(await beat(context, { critical: 0 }, signal)).toBe(false);
  expect(receiver.received).toHaveLength(2);
});

test('it runs by itself, on one replica and the other', async () => {
  const its = await testWorld();
  const { context } = its;
  await its.add({ kind: 'webhook', name: 'ops' });
  const stop = new AbortController();
  const other = { ...context, replica: 'r-other' };
  const running = [context, other].map((each) => makeAlerts(each).run(stop.signal));
  await expect
    .poll(
      () => {
        context.clock.advance(5_000);
        return its.heard();
      },
      { timeout: 30_000, interval: 20 },
    )
    .toEqual(['firing']);
  stop.abort();
  await Promise.all(running);
  expect(its.receiver.received).toHaveLength(1);
});

/** A replica that dies right after a receiver took something, before that is stored. */
function dying(context: ServerContext): ServerContext {
  const { store } = context;
  const alerts = {
    ...store.alerts,
    told: async (): Promise<never> => {
      throw new Error('killed');
    },
  };
  return { ...context, store: { ...store, alerts } };
}

const step = fc.record({
  /** Until then. */
  seconds: fc.integer({ min: 5, max: 300 }),
  isHeard: fc.boolean(),
  isUp: fc.boolean(),
  evaluating: fc.constantFrom('one', 'both', 'none'),
  telling: fc.constantFrom('one', 'both', 'none', 'killed'),
});

test('whatever happens on two replicas: by its ids a receiver hears in turn, and in the end what is so', async () => {
  let histories = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      await using its = await world();
      const { context } = its;
      const other = { ...context, replica: 'r-other' };
      await its.add({ kind: 'webhook', name: 'ops' });
      for (const { seconds, isHeard, isUp, evaluating, telling } of steps) {
        context.clock.advance(seconds * 1_000);
        if (isHeard) await its.hear();
        its.receiver.answer = () => (isUp ? 200 : 503);
        if (evaluating !== 'none') await evaluate(context);
        if (evaluating === 'both') await Promise.all([evaluate(context), evaluate(other)]);
        if (telling === 'killed') await deliver(dying(context), signal).catch(() => undefined);
        if (telling === 'one' || telling === 'both') await deliver(context, signal);
        if (telling === 'both') await Promise.all([deliver(context, signal), deliver(other, signal)]);
      }
      its.receiver.answer = () => 200;
      const isHeard = steps.length % 2 === 0;
      await settle(its, isHeard);
      const heard = its.heard();
      for (const [n, status] of heard.entries()) expect(status).toBe(n % 2 === 0 ? 'firing' : 'resolved');
      expect(heard.length % 2).toBe(isHeard ? 0 : 1);
      histories += 1;
    }),
    { numRuns: 30 },
  );
  expect(histories).toBe(30);
});
