import type { ClusterSpec, FleetAlert, FleetSnapshot, Operation, Order } from '@holdfast/model/fleet';
import type { Policy } from '@holdfast/model';
import type { StoredUser } from '../people.ts';
import type { Store } from '../store.ts';

/** A moment, so many seconds after the one that these tests begin at. */
export function moment(seconds: number): string {
  return new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
}

export function clusterSpec(name: string): ClusterSpec {
  return { name, description: '', distribution: 'etcd', repositories: ['main'], approvals: 0 };
}

/** Makes a cluster of that id. */
export async function withCluster(store: Store, id = 'c-aaaaa', name = id.slice(2)): Promise<string> {
  await store.clusters.create({ id, spec: clusterSpec(name), createdAt: moment(0) });
  return id;
}

export function operation(id: string, changed: Partial<Operation> = {}): Operation {
  return {
    id,
    kind: 'save',
    cluster: 'c-aaaaa',
    state: 'waiting',
    phase: null,
    why: '',
    steps: [],
    policy: null,
    trigger: 'manual',
    scheduledFor: null,
    requestedBy: 'alice',
    approvals: [],
    approvalsNeeded: 0,
    node: null,
    createdAt: moment(0),
    startedAt: null,
    endedAt: null,
    input: { some: ['input', 1, null] },
    result: null,
    failure: null,
    ...changed,
  };
}

export function order(id: string, changed: Partial<Order> = {}): Order {
  return {
    id,
    operation: 'op-aaaaa',
    node: 'n-aaaaa',
    kind: 'save',
    input: { cluster: 'a' },
    issuedBy: 'server',
    createdAt: moment(0),
    deadline: null,
    ...changed,
  };
}

export function snapshot(name: string, changed: Partial<FleetSnapshot> = {}): FleetSnapshot {
  return {
    id: `main:${name}`,
    name,
    cluster: 'c-aaaaa',
    repository: 'main',
    repositoryCluster: 'a-1',
    state: 'verified',
    drilledAt: null,
    degraded: false,
    trusted: true,
    sealed: true,
    trigger: 'manual',
    policy: null,
    revision: 7,
    etcdVersion: '3.6.1',
    kubernetesVersion: null,
    node: null,
    member: 'm0',
    size: 1_000,
    storedBytes: 300,
    sha256: 'a'.repeat(64),
    startedAt: moment(0),
    finishedAt: moment(1),
    pinned: false,
    missing: false,
    ...changed,
  };
}

export function alert(key: string, changed: Partial<FleetAlert> = {}): FleetAlert {
  return {
    key,
    kind: 'clock-skew',
    severity: 'warning',
    cluster: 'c-aaaaa',
    of: 'n-aaaaa',
    what: 'a clock is wrong',
    next: 'set it',
    since: moment(0),
    resolvedAt: null,
    ...changed,
  };
}

export function user(id: string, name: string): StoredUser {
  return {
    ...{ id, name, createdAt: moment(0), disabled: false, version: 1, password: 'scrypt:…' },
    grants: [{ role: 'viewer', cluster: null }],
  };
}

/** Only what the store looks at: its name. */
export function policy(name: string, changed: object = {}): Policy {
  return { name, ...changed } as Policy;
}
