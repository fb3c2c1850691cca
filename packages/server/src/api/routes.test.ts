import { routes, type Route, type RouteName } from '@holdfast/model/api';
import { roleNames, roles, type Permission, type RoleName } from '@holdfast/model/fleet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApi, type TestApi } from '../testing/api.ts';

let api: TestApi;
let cluster: string;
beforeAll(async () => {
  api = await testApi();
  cluster = await api.cluster('prod');
  await api.context.store.nodes.create({
    ...{ id: 'n-7f3kq', cluster, name: 'cp-1', joinedAt: '2026-11-22T10:00:00.000Z' },
    certificateNotAfter: null,
  });
  await api.context.store.operations.create(operation(cluster));
});
afterAll(() => api[Symbol.asyncDispose]());

const all = Object.entries<Route>(routes) as [RouteName, Route][];
const needing = all.flatMap(([name, route]) =>
  route.permission === null || route.permission === 'self' ? [] : [[name, route, route.permission] as const],
);
const things: Readonly<Record<string, string>> = { node: 'n-7f3kq', operation: 'op-7f3kq' };

function pathOf({ path }: Route): string {
  return path.replaceAll(/:(\w+)/g, (_, name: string) =>
    name === 'cluster' ? cluster : (things[name] ?? 'x'),
  );
}

function ask(route: Route, authorization: string | undefined) {
  return api.app.inject({
    method: route.method,
    url: pathOf(route),
    headers: authorization === undefined ? {} : { authorization },
  });
}

/** Roles that may not do it. */
const tooSmall = (permission: Permission): RoleName[] =>
  roleNames.filter((role) => !roles[role].includes(permission));

describe('without a token', () => {
  test.each(all.filter(([, { permission }]) => permission !== null))('%s is 401', async (_, route) => {
    const reply = await ask(route, undefined);
    expect(reply.statusCode).toBe(401);
    expect(reply.headers['www-authenticate']).toContain('Bearer');
    expect(reply.headers['content-type']).toContain('application/problem+json');
    expect(reply.json()).toMatchObject({ code: 'not-authenticated', status: 401 });
  });
});

describe('with a token that is not valid', () => {
  test.each(all.filter(([, { permission }]) => permission !== null))('%s is 401', async (_, route) => {
    const unknown = `Bearer hf_t-7f3kq_${'A'.repeat(43)}`;
    expect((await ask(route, unknown)).statusCode).toBe(401);
  });
});

describe('with a role that is too small', () => {
  test.each(needing)('%s is 403', async (_, route, permission) => {
    for (const role of tooSmall(permission)) {
      const reply = await ask(route, await api.as(role));
      expect([role, reply.statusCode]).toEqual([role, 403]);
      expect(reply.json()).toMatchObject({ code: 'not-allowed', details: { permission } });
    }
  });
});

describe('with the role in another cluster alone', () => {
  test.each(needing.filter(([, { scope }]) => scope !== 'some'))('%s is 403', async (_, route) => {
    expect((await ask(route, await api.as('admin', 'c-other'))).statusCode).toBe(403);
  });
});

describe('with the role in the cluster', () => {
  test.each(needing)(
    '%s is let in where it is of a cluster, and only there',
    async (_, route, permission) => {
      const role = permission === 'audit' ? 'auditor' : 'admin';
      const reply = await ask(route, await api.as(role, cluster));
      if (route.scope === null) expect(reply.statusCode).toBe(403);
      else expect([401, 403]).not.toContain(reply.statusCode);
    },
  );
});

function operation(of: string) {
  return {
    ...{
      id: 'op-7f3kq',
      kind: 'save' as const,
      cluster: of,
      state: 'waiting' as const,
      phase: null,
      why: '',
    },
    ...{ steps: [], policy: null, trigger: 'manual' as const, scheduledFor: null, requestedBy: 'ann' },
    ...{ approvals: [], approvalsNeeded: 0, node: null, createdAt: '2026-11-22T10:00:00.000Z' },
    ...{ startedAt: null, endedAt: null, input: {}, result: null, failure: null },
  };
}
