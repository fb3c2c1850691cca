import type { Operations } from '../../operations/operations.ts';
import { expect, test } from 'vitest';
import { testApi } from '../../testing/api.ts';
import { restoreHandlers } from './restores.ts';

test('the snapshot of another cluster is planned with by nobody who may restore one cluster alone', async () => {
  const planned: string[] = [];
  const operations = {
    plan: async ({ by }: { by: string }) => {
      planned.push(by);
      throw new Error('it was let in');
    },
  } as unknown as Operations;
  await using api = await testApi((context) => restoreHandlers({ context, operations }));
  const cluster = await api.cluster('prod');
  const ask = async (body: object, authorization: string): Promise<number> =>
    (await api.ask('POST', `/v1/clusters/${cluster}/restore-plans`, body, { authorization })).statusCode;
  const [own, all] = [await api.as('restorer', cluster), await api.as('restorer')];
  const clone = { repository: 'shared', snapshot: 'theirs', clone: true };
  const unchecked = { snapshot: 'theirs', skips: [{ check: 'P2', reason: 'it is fine' }] };
  expect([await ask(clone, own), await ask(unchecked, own)]).toEqual([403, 403]);
  expect(planned).toEqual([]);
  expect([await ask({ snapshot: 'own' }, own), await ask(clone, all)]).toEqual([500, 500]);
  expect(planned).toHaveLength(2);
});
