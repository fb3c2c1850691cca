import { afterEach, beforeEach, expect, test } from 'vitest';
import { testApi, type TestApi } from '../../testing/api.ts';

let api: TestApi;
let url: string;
beforeEach(async () => {
  api = await testApi();
  const cluster = await api.cluster('prod');
  url = `/v1/clusters/${cluster}/policies`;
  await api.context.store.repositories.create({
    ...{ name: 'main', spec: { name: 'main', path: '/backup', readByServer: true }, secretNames: [] },
    ...{ sealed: null, createdAt: '2026-11-22T10:00:00.000Z' },
  });
});
afterEach(() => api[Symbol.asyncDispose]());

const daily = {
  ...{
    name: 'daily',
    schedule: { cron: '0 12 * * *' },
    targets: [{ repository: 'main' }],
    retention: { last: 5 },
  },
};

test('a policy is made and changed, and tells when it is due and what it promises', async () => {
  const made = await api.ask('PUT', `${url}/daily`, daily);
  expect([made.statusCode, made.headers['etag']]).toEqual([200, '"v1"']);
  expect(made.json()).toMatchObject({
    policy: { schedule: { cron: '0 12 * * *', timeZone: 'UTC' } },
    status: {
      ...{ lastScheduledFor: null, lastOutcome: null, nextDueAt: '2026-11-22T12:00:00.000Z' },
      promisedMs: 48 * 3_600_000,
    },
  });
  const changed = { ...daily, schedule: { cron: '0 11 * * *' } };
  expect((await api.ask('PUT', `${url}/daily`, changed, { 'if-match': '"v2"' })).statusCode).toBe(412);
  const put = await api.ask('PUT', `${url}/daily`, changed, { 'if-match': '"v1"' });
  expect(put.json()).toMatchObject({ version: 2, status: { nextDueAt: '2026-11-22T11:00:00.000Z' } });
  expect((await api.ask('GET', url)).json()).toMatchObject({ items: [{ version: 2 }], next: null });
});

test('a policy that cannot be meant is refused with what is wrong where', async () => {
  const wrong = { ...daily, schedule: { cron: '0 0 31 2 *' }, retention: { timeZone: 'Nowhere' } };
  const reply = await api.ask('PUT', `${url}/daily`, wrong);
  expect(reply.json()).toMatchObject({ code: 'policy-refused', status: 422 });
  const { errors } = reply.json<{ errors: { pointer: string }[] }>();
  expect(errors.map(({ pointer }) => pointer)).toEqual(['/body/schedule', '/body/retention/timeZone']);
});

test.each([
  ['another name than its own', { ...daily, name: 'other' }, 400, 'request-invalid'],
  ['another cluster', { ...daily, cluster: 'other' }, 422, 'policy-refused'],
  ['a repository that is not there', { ...daily, targets: [{ repository: 'x' }] }, 404, 'repository-unknown'],
])('a policy with %s is refused', async (_, policy, status, code) => {
  const reply = await api.ask('PUT', `${url}/daily`, policy);
  expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([status, code]);
});

test('a pause ends when it is said to, or when somebody ends it', async () => {
  await api.ask('PUT', `${url}/daily`, daily);
  const operator = { authorization: await api.as('operator') };
  const paused = await api.ask('POST', `${url}/daily/pause`, { reason: 'upgrade', for: '36h' }, operator);
  expect(paused.json()).toMatchObject({
    policy: { pause: { reason: 'upgrade', until: '2026-11-23T22:00:00.000Z' } },
    status: { nextDueAt: '2026-11-23T22:00:00.000Z' },
  });
  const endless = await api.ask('POST', `${url}/daily/pause`, { reason: 'upgrade' }, operator);
  expect(endless.json()).toMatchObject({ policy: { pause: { until: null } }, status: { nextDueAt: null } });
  const pause = (body: object) =>
    api.ask('POST', `${url}/daily/pause`, { reason: 'upgrade', ...body }, operator);
  expect((await pause({ until: '2026-11-24T01:00:00.000Z' })).json()).toMatchObject({
    ...{ policy: { pause: { until: '2026-11-24T01:00:00.000Z' } } },
  });
  expect((await pause({ until: '2026-11-22T10:00:00.000Z' })).statusCode).toBe(400);
  expect((await pause({ until: '2026-11-24T01:00:00.000Z', for: '1h' })).statusCode).toBe(400);
  const resumed = await api.ask('POST', `${url}/daily/resume`, undefined, operator);
  expect(resumed.json()).toMatchObject({ version: 5, policy: { pause: null } });
});

test('a policy is removed, and then there is none', async () => {
  await api.ask('PUT', `${url}/daily`, daily);
  expect((await api.ask('DELETE', `${url}/daily`)).statusCode).toBe(204);
  for (const method of ['GET', 'DELETE'] as const)
    expect((await api.ask(method, `${url}/daily`)).json()).toMatchObject({ code: 'policy-unknown' });
  const stale = await api.ask('PUT', `${url}/daily`, daily, { 'if-match': '"v1"' });
  expect(stale.statusCode).toBe(412);
});
