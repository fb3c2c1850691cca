import { expect, test } from 'vitest';
import { testFleet } from '../api/agent-v1/testing/fleet.ts';
import { journalOf, ordersOf } from './read-view.ts';

test('what an agent tells in place of a record does not keep its restore from being read', async () => {
  await using fleet = await testFleet();
  const leader = await fleet.node(await fleet.cluster('prod'), 'one');
  const { id, operation } = await fleet.order(leader, { kind: 'lead', input: {} });
  const at = fleet.context.clock.now().toISOString();
  const record = (n: number) => ({ n, at, event: 'taken' });
  const told = [{ record: record(0) }, { record: { n: 1, event: 'owned' } }, { record: record(2) }];
  await fleet.replicas[0]!.sync(leader, {
    running: [id],
    events: told.map((data, n) => ({ order: id, n, at, type: 'record', data })),
  });
  const { store } = fleet.context;
  expect(await journalOf(store, await ordersOf(store, operation))).toMatchObject([record(0)]);
});
