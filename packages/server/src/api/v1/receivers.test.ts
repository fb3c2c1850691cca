import type { FleetAlert } from '@holdfast/model/fleet';
import { testReceiver } from '@holdfast/test-servers';
import { expect, onTestFinished, test } from 'vitest';
import { testApi, type TestApi } from '../../testing/api.ts';
import { alertHandlers } from './alerts.ts';
import { receiverHandlers } from './receivers.ts';

async function world(): Promise<TestApi> {
  const api = await testApi((context) => ({
    ...receiverHandlers({ context }),
    ...alertHandlers({ context }),
  }));
  onTestFinished(() => api[Symbol.asyncDispose]());
  return api;
}

const url = '/v1/receivers';
const mail = { kind: 'email', name: 'm', host: 'h', port: 25, from: 'a@b', to: ['c@d'] };

test('a receiver is added with an address that is never told again, tried, and removed', async () => {
  const { ask, context } = await world();
  const receiver = await testReceiver();
  onTestFinished(() => receiver[Symbol.asyncDispose]());
  const body = { spec: { kind: 'webhook', name: 'ops' }, secret: { url: `${receiver.url}/hidden-path` } };
  const made = await ask('POST', url, body);
  expect(made.json()).toEqual({
    ...{ id: expect.stringMatching(/^r-/), spec: body.spec, hasSecret: true, lastTold: null },
  });
  const { id } = made.json<{ id: string }>();
  expect((await ask('POST', `${url}/${id}/test`)).json()).toMatchObject({ ok: true, why: '' });
  expect(receiver.received).toMatchObject([{ path: '/hidden-path', method: 'POST' }]);
  receiver.answer = () => 404;
  const told = { ok: false, why: 'it answers with status 404' };
  expect((await ask('POST', `${url}/${id}/test`)).json()).toMatchObject(told);
  const listed = await ask('GET', url);
  expect(listed.json()).toMatchObject({ items: [{ id, lastTold: told }], next: null });
  expect(made.body + listed.body + context.logged()).not.toContain('hidden-path');
  expect((await ask('DELETE', `${url}/${id}`)).statusCode).toBe(204);
  expect((await ask('DELETE', `${url}/${id}`)).json()).toMatchObject({ code: 'receiver-unknown' });
  expect((await ask('POST', `${url}/${id}/test`)).json()).toMatchObject({ code: 'receiver-unknown' });
});

test.each([
  [{ kind: 'webhook', name: 'w' }, {}, '/body/secret/url'],
  [{ kind: 'slack', name: 'w' }, { url: 'ftp://host' }, '/body/secret/url'],
  [{ kind: 'heartbeat', name: 'w' }, { url: 'http://h', password: 'x' }, '/body/secret/password'],
  [mail, { url: 'http://h' }, '/body/secret/url'],
  [mail, { password: 'x' }, '/body/secret/password'],
])('a secret that does not fit is refused: %j %j', async (spec, secret, pointer) => {
  const { ask } = await world();
  const refused = await ask('POST', url, { spec, secret });
  expect([refused.statusCode, refused.json()]).toMatchObject([400, { errors: [{ pointer }] }]);
});

test('alerts are listed for those clusters that the caller may see', async () => {
  const { ask, as, cluster, context } = await world();
  const [prod, other] = [await cluster('prod'), await cluster('other')];
  const at = context.clock.now().toISOString();
  const alert = (of: string | null, resolvedAt: string | null = null): FleetAlert => ({
    ...{ key: `node-gone/${of}/n`, kind: 'node-gone', severity: 'warning', cluster: of, of: 'n' },
    ...{ what: 'w', next: 'n', since: at, resolvedAt },
  });
  await context.store.alerts.change([alert(prod), alert(other), alert(null)], [], at);
  const seen = async (query = '', headers = {}): Promise<unknown> => {
    const told = await ask('GET', `/v1/alerts${query}`, undefined, headers);
    const { items } = told.json<{ items: FleetAlert[] }>();
    return new Set(items.map((each) => each.cluster));
  };
  expect(await seen()).toEqual(new Set([prod, other, null]));
  const viewer = { authorization: await as('viewer', prod) };
  expect(await seen('', viewer)).toEqual(new Set([prod]));
  expect(await seen(`?cluster=${other}`, viewer)).toEqual(new Set());
  expect(await seen(`?cluster=${other}`)).toEqual(new Set([other]));
  await context.store.alerts.change([], [alert(prod, at)], at);
  expect(await seen('', viewer)).toEqual(new Set());
  expect(await seen('?resolved=true', viewer)).toEqual(new Set([prod]));
});
