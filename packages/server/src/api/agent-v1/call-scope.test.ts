import type { NodeCall } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import { plan } from '../../operations/testing/restore-world.ts';
import { makeCall } from './calls.ts';
import { testFleet } from './testing/fleet.ts';

const [one, two] = plan.members as [(typeof plan.members)[0], (typeof plan.members)[0]];

/** A node that leads a restore by a plan, or makes one, and the call that it makes to the node of `two`. */
async function asked(kind: 'plan' | 'lead', call: (clean: typeof plan) => NodeCall): Promise<unknown> {
  await using fleet = await testFleet();
  const cluster = await fleet.cluster('prod');
  const [leader, other] = [await fleet.node(cluster, 'one'), await fleet.node(cluster, 'two')];
  const placement = { one: leader.node, two: other.node };
  const { id: order } = await fleet.order(leader, { kind, input: { plan, placement } });
  const { parts } = fleet.replicas[0]!;
  const wanted = { key: 'step', order, node: other.node, limitMs: 1_000 };
  const { store } = fleet.context;
  try {
    const made = await makeCall(parts, leader, { ...wanted, call: call(structuredClone(plan)) });
    return (await store.orders.get(made.call))?.order.kind;
  } catch (error) {
    expect(await store.orders.open(other.node)).toEqual([]);
    return (error as { code: string }).code;
  }
}

const { role: _, sight: __, ...description } = two;
const step = { kind: 'stop', member: two, found: {} } as const;

test.each<[string, 'plan' | 'lead', (clean: typeof plan) => NodeCall, string]>([
  ['a step of its plan', 'lead', (clean) => ({ call: 'perform', order: { ...step, plan: clean } }), 'node'],
  ['a release of its plan', 'lead', (clean) => ({ call: 'release', plan: clean, member: two }), 'node'],
  ['a look', 'plan', () => ({ call: 'observe', member: description }), 'node'],
  [
    'a step while it only plans',
    'plan',
    (clean) => ({ call: 'perform', order: { ...step, plan: clean } }),
    '',
  ],
  ['a release while it only plans', 'plan', (clean) => ({ call: 'release', plan: clean, member: two }), ''],
  [
    'a step of another plan',
    'lead',
    (clean) => ({ call: 'perform', order: { ...step, plan: { ...clean, id: 'r-20261120t100000z-000000' } } }),
    '',
  ],
  [
    'a step by another path than its plan says',
    'lead',
    (clean) => ({ call: 'undo', order: { ...step, plan: clean, member: { ...two, dataDir: '/root' } } }),
    '',
  ],
  [
    'a step on the member of another node',
    'lead',
    (clean) => ({ call: 'perform', order: { ...step, plan: clean, member: one } }),
    '',
  ],
  [
    'a look at the member of another node',
    'plan',
    () => ({ call: 'observe', member: { ...description, name: 'one' } }),
    '',
  ],
  [
    'a look at what nobody carries',
    'lead',
    () => ({ call: 'observe', member: { ...description, name: 'constructor' } }),
    '',
  ],
])('of another node its agent may have done %s: %s order', async (_what, kind, call, outcome) => {
  expect(await asked(kind, call)).toBe(outcome || 'call-refused');
});
