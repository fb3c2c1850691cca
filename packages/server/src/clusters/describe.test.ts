import { expect, test } from 'vitest';
import type { StoredNode } from '../store/nodes.ts';
import { inventoryOf } from '../testing/inventory.ts';
import { describeCluster } from './describe.ts';

/** A machine that tells of member m1. */
function machine(name: string, address: string, seenAt: string): StoredNode {
  return {
    ...{ id: `n-${name}`, cluster: 'c-7f3kq', name, joinedAt: '2026-11-22T09:00:00.000Z', seenAt },
    ...{ agentVersion: null, clockSkewMs: null, certificateNotAfter: null, inventoryHash: '' },
    inventory: inventoryOf('m1', address),
  };
}

const cluster = { spec: { name: 'prod' } } as Parameters<typeof describeCluster>[0];
const old = machine('old', '10.0.0.1', '2026-11-22T10:00:09.000Z');
const taking = machine('new', '10.0.0.2', '2026-11-22T10:00:05.000Z');

test.each([
  ['who is connected counts, though it is stored as heard earlier', 'n-new', ['n-new']],
  ['who was heard last counts where both are', 'n-old', ['n-new', 'n-old']],
  ['who was heard last counts where none is', 'n-old', []],
])('of two machines that tell of one member %s', (_, counts, connected) => {
  const nodes = [old, taking];
  const { placement, notes } = describeCluster(cluster, nodes, ({ id }) => connected.includes(id));
  expect(placement['m1']).toBe(counts);
  expect(notes.join('; ')).toContain('m1 is told of by');
});
