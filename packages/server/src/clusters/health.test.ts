import { expect, test } from 'vitest';
import type { StoredNode } from '../store/nodes.ts';
import { inventoryOf } from '../testing/inventory.ts';
import { lifeOf } from './health.ts';

function node(name: string, seenAt: string | null, inQuorum: boolean, version = '3.5.9'): StoredNode {
  return {
    ...{ id: `n-${name}`, cluster: 'c-7f3kq', name, joinedAt: '2026-11-22T10:00:00.000Z', seenAt },
    ...{ agentVersion: null, clockSkewMs: null, certificateNotAfter: null, inventoryHash: '' },
    inventory: inventoryOf(name, '10.0.0.1', { inQuorum, version }),
  };
}
const now = '2026-11-22T10:00:00.000Z';
const isConnected = ({ seenAt }: StoredNode): boolean => seenAt === now;

test.each([
  ['nothing is known where no agent tells', [node('m1', null, true)], 'unknown'],
  ['all in quorum is healthy', [node('m1', now, true), node('m2', now, true)], 'healthy'],
  [
    'one that is not in quorum makes it degraded',
    [node('m1', now, true), node('m2', now, false)],
    'degraded',
  ],
  ['one that is silent makes it degraded', [node('m1', now, true), node('m2', null, true)], 'degraded'],
  ['none in quorum is lost', [node('m1', now, false), node('m2', null, true)], 'lost'],
  ['no node at all', [], 'unknown'],
])('%s', (_, nodes, health) => {
  expect(lifeOf(nodes, isConnected).health).toBe(health);
});

test('the version is the one that all have at least', () => {
  const nodes = [node('m1', now, true, '3.5.10'), node('m2', now, true, '3.5.9')];
  expect(lifeOf(nodes, isConnected)).toMatchObject({
    ...{ etcdVersion: '3.5.9', kubernetesVersion: 'v1.30.2', nodes: { total: 2, connected: 2 } },
  });
});
