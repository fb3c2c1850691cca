import type { MemberSight, PlannedComponent, PlannedMember, RestorePlan } from '@holdfast/model';

/** A sight of a member that is off and whose data can be read; `changes` replaces fields. */
export function sightOf(changes: Partial<MemberSight> = {}): MemberSight {
  return {
    running: false,
    answers: false,
    inQuorum: false,
    data: 'readable',
    dataFault: '',
    revision: 61,
    appliedIndex: 80,
    committedIndex: 80,
    lastIndex: 80,
    term: 2,
    size: 20_480,
    writtenAt: '2026-01-01T00:00:00.000Z',
    clusterId: 'aaaa',
    memberId: null,
    listed: null,
    version: null,
    room: { fileSystem: 'a', free: 2 ** 40, memory: 2 ** 40, writable: true, renames: true },
    ...changes,
  };
}

/** A member for tests, at addresses where nobody listens. */
export function memberOf(
  name: string,
  port: number,
  { sight, ...changes }: Partial<PlannedMember> = {},
): PlannedMember {
  return {
    name,
    peerUrls: [`http://127.0.0.1:${port}`],
    clientUrls: [`http://127.0.0.1:${port + 1}`],
    dataDir: '/nowhere',
    run: { driver: 'systemd', unit: 'etcd.service' },
    role: 'member',
    ...changes,
    sight: sightOf(sight),
  };
}

/** An API server for tests that runs, where nobody listens; `changes` replaces fields. */
export function apiServerOf(name: string, changes: Partial<PlannedComponent> = {}): PlannedComponent {
  return {
    name,
    component: 'kube-apiserver',
    urls: ['https://127.0.0.1:1'],
    run: { driver: 'systemd', unit: 'kube-apiserver.service' },
    running: true,
    ...changes,
  };
}

/** A plan for tests: a snapshot file restored to one member, below one API server; `changes` replaces fields. */
export function planOf(changes: Partial<RestorePlan> = {}): RestorePlan {
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'RestorePlan',
    id: 'r-20260101t000000z-0a1b2c',
    createdAt: '2026-01-01T00:00:00.000Z',
    holdfast: '0.1.0',
    cluster: { name: 'prod', oldId: 'aaaa' },
    why: 'a test',
    way: 'snapshot',
    strategy: 'all',
    seed: null,
    source: {
      kind: 'snapshot',
      label: 'one',
      path: '/nowhere/one.db',
      sha256: '0'.repeat(64),
      size: 20_480,
      revision: 61,
      takenAt: null,
    },
    token: 'holdfast-test',
    bump: { by: 1_000_000_000, markCompacted: true },
    expected: { clusterId: null, revision: null },
    members: [memberOf('m1', 1)],
    controlPlane: [apiServerOf('api-1')],
    loss: { revisions: 0, since: null, objects: null, why: '' },
    checks: [],
    skips: [],
    steps: [],
    estimateMs: 0,
    by: 'test@localhost',
    hash: '0'.repeat(64),
    ...changes,
  };
}
