import { Policy, type WrittenPolicy } from '@holdfast/model';
import type { Inventory, Operation } from '@holdfast/model/fleet';
import type { StoredCluster } from '../../store/clusters.ts';
import type { StoredNode } from '../../store/nodes.ts';
import type { StoredPolicy } from '../../store/policies.ts';
import type { StoredRepository } from '../../store/repositories.ts';
import type { Facts } from '../facts.ts';

export const now = new Date('2026-11-22T10:00:00.000Z');
const hourMs = 3_600_000;

/** So many hours before now, or after it. */
export function hours(before: number): string {
  return new Date(now.getTime() - before * hourMs).toISOString();
}

export const cluster: StoredCluster = {
  id: 'c-11111',
  spec: { name: 'prod', description: '', distribution: 'etcd', repositories: ['near'], approvals: 0 },
  ...{ createdAt: hours(10_000), updatedAt: hours(10_000), version: 1, heldBy: null },
};

/** Hourly to `near` and `far`, promised within 2 hours, drilled each day. */
export function policy(changes: Partial<WrittenPolicy> = {}, createdAt = hours(10_000)): StoredPolicy {
  const written = {
    name: 'hourly',
    schedule: { intervalHours: 1 },
    targets: [{ repository: 'near' }, { repository: 'far' }],
    retention: { last: 24 },
    drill: { intervalHours: 24 },
    ...changes,
  } as WrittenPolicy;
  return {
    cluster: cluster.id,
    policy: Policy.parse(written),
    ...{ createdAt, updatedAt: createdAt, version: 1, times: { last: {}, next: {} }, lastOutcome: null },
  };
}

export function repository(name: string, changes: Partial<StoredRepository> = {}): StoredRepository {
  return {
    name,
    spec: { name, path: `/${name}`, readByServer: true },
    ...{ secretNames: [], sealed: null, createdAt: hours(10_000), version: 1, repositoryId: null },
    ...{ reachable: true, why: '', scannedAt: hours(0) },
    ...changes,
  };
}

export function inventory(changes: Partial<Inventory> = {}, member: object = {}): Inventory {
  const one = {
    description: { name: 'm1' },
    ...{
      running: true,
      answers: true,
      inQuorum: true,
      isLeader: true,
      isLearner: false,
      id: 'a',
      alarms: [],
    },
    ...{ clusterId: 'b', version: '3.6.0', revision: 1, raftIndex: 1, dbBytes: 1 },
    ...member,
  };
  return {
    ...{
      hostname: 'h',
      addresses: [],
      system: 'linux',
      driver: 'process',
      components: [],
      disks: [],
      notes: [],
    },
    ...{ kubernetesVersion: null, certificates: [] },
    members: [one] as unknown as Inventory['members'],
    ...changes,
  };
}

export function node(changes: Partial<StoredNode> = {}): StoredNode {
  return {
    ...{
      id: 'n-11111',
      cluster: cluster.id,
      name: 'cp-1',
      joinedAt: hours(10_000),
      seenAt: now.toISOString(),
    },
    ...{ agentVersion: '1', clockSkewMs: 0, certificateNotAfter: hours(-24 * 20), inventory: inventory() },
    inventoryHash: '',
    ...changes,
  };
}

/** All is well: both copies are half an hour old, and a drill is of this morning. */
export function facts(changes: Partial<Facts> = {}): Facts {
  const head = { cluster: cluster.id, policy: 'hourly', stored: hours(0.5), verified: hours(0.5) };
  return {
    clusters: [cluster],
    nodes: [node()],
    policies: [policy()],
    repositories: [repository('near'), repository('far')],
    heads: ['near', 'far'].map((name) => ({ ...head, repository: name })),
    drills: [
      {
        ...{ cluster: cluster.id, policy: 'hourly', state: 'succeeded' as const, endedAt: hours(2), why: '' },
        succeededAt: hours(2),
      },
    ],
    stuck: [],
    ...changes,
  };
}

export function stuckRestore(): Operation {
  return {
    ...{
      id: 'op-11111',
      kind: 'restore',
      cluster: cluster.id,
      state: 'stuck',
      phase: null,
      why: 'a disk is full',
    },
    ...{ steps: [], policy: null, trigger: 'manual', scheduledFor: null, requestedBy: 'ann', approvals: [] },
    ...{ approvalsNeeded: 0, node: null, createdAt: hours(2), startedAt: hours(1), endedAt: null, input: {} },
    ...{ result: null, failure: null },
  };
}
