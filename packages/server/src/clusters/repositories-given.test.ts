import { afterEach, beforeEach, expect, test } from 'vitest';
import { repositoryHandlers } from '../api/v1/repositories.ts';
import { testApi, type TestApi } from '../testing/api.ts';

let api: TestApi;
let url: string;
let only: Record<string, string>;
beforeEach(async () => {
  api = await testApi((context) =>
    repositoryHandlers({ context, catalogue: {} as never, open: {} as never }),
  );
  for (const name of ['own', 'theirs'])
    await api.context.store.repositories.create({
      ...{ name, spec: { name, path: `/${name}`, readByServer: true }, secretNames: [] },
      ...{ sealed: null, createdAt: '2026-11-22T10:00:00.000Z' },
    });
  const cluster = await api.cluster('prod');
  url = `/v1/clusters/${cluster}`;
  const put = await api.ask('PUT', url, { name: 'prod', repositories: ['own'] }, { 'if-match': '"v1"' });
  expect(put.statusCode).toBe(200);
  only = { authorization: await api.as('admin', cluster) };
});
afterEach(() => api[Symbol.asyncDispose]());

const policy = (repository: string) => ({
  ...{ name: 'daily', schedule: { cron: '0 12 * * *' }, retention: { last: 5 } },
  targets: [{ repository }],
});

test('who administers one cluster alone cannot have its nodes given the secrets of another repository', async () => {
  const refused = await api.ask('PUT', `${url}/policies/daily`, policy('theirs'), only);
  expect([refused.statusCode, refused.json()]).toMatchObject([403, { code: 'not-allowed' }]);
  expect((await api.ask('PUT', `${url}/policies/daily`, policy('own'), only)).statusCode).toBe(200);
  const put = (names: string[]) =>
    api.ask('PUT', url, { name: 'prod', repositories: names }, { ...only, 'if-match': '"v2"' });
  expect((await put(['own', 'theirs'])).statusCode).toBe(403);
  // What does not exist and what is not theirs are told the same.
  expect((await put(['nowhere'])).statusCode).toBe(403);
  expect((await put([])).statusCode).toBe(200);
});

test('who sees one cluster alone sees the repositories that it works with, and no others', async () => {
  const names = async (headers: Record<string, string>): Promise<string[]> =>
    (await api.ask('GET', '/v1/repositories', undefined, headers))
      .json<{ items: { name: string }[] }>()
      .items.map(({ name }) => name);
  expect(await names({})).toEqual(['own', 'theirs']);
  expect(await names(only)).toEqual(['own']);
  expect((await api.ask('GET', '/v1/repositories/own', undefined, only)).statusCode).toBe(200);
  const theirs = await api.ask('GET', '/v1/repositories/theirs', undefined, only);
  expect([theirs.statusCode, theirs.json()]).toMatchObject([404, { code: 'repository-unknown' }]);
});
