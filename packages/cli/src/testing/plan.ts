import {
  planSteps,
  type MemberSight,
  type PlannedComponent,
  type PlannedMember,
  type RestorePlan,
} from '@holdfast/model';

/** A member that is stopped and whose data is readable, unless told otherwise. */
export function memberSeen(
  name: string,
  sight: Partial<MemberSight> = {},
  more: Partial<PlannedMember> = {},
): PlannedMember {
  return {
    name,
    peerUrls: [`https://${name}:2380`],
    clientUrls: [`https://${name}:2379`],
    dataDir: '/var/lib/etcd',
    run: { driver: 'systemd', unit: 'etcd.service' },
    role: 'member',
    sight: {
      running: false,
      answers: false,
      inQuorum: false,
      data: 'readable',
      dataFault: '',
      revision: 1200,
      appliedIndex: 1300,
      committedIndex: 1301,
      lastIndex: 1301,
      term: 3,
      size: 20_480,
      writtenAt: '2026-11-20T09:11:07Z',
      clusterId: 'cdf818194e3a8c32',
      memberId: '8e9e05c52164694d',
      listed: null,
      version: null,
      ...sight,
    },
    ...more,
  };
}

/** A part of the control plane that is a service unit of its own name. */
export function componentSeen(
  name: string,
  component: PlannedComponent['component'],
  more: Partial<PlannedComponent> = {},
): PlannedComponent {
  return {
    name,
    component,
    urls: [`https://${name}:6443`],
    run: { driver: 'systemd', unit: `${name}.service` },
    running: true,
    ...more,
  };
}

/** A plan for three members from a snapshot, made at the time of the still clock; its hash is no real one. */
export function fixedPlan(more: Partial<RestorePlan> = {}): RestorePlan {
  const members = more.members ?? [
    memberSeen('m1'),
    memberSeen('m2', {
      data: 'damaged',
      dataFault: 'page 7 is reached twice',
      revision: null,
      writtenAt: null,
    }),
    memberSeen(
      'm3',
      { running: null, data: 'unknown', revision: null, writtenAt: null },
      { role: 'former', attested: { by: 'ops@bastion', reason: 'its power is off' } },
    ),
  ];
  const shape = {
    way: 'snapshot',
    strategy: 'all',
    seed: null,
    source: {
      kind: 'snapshot',
      label: 'nightly-7',
      path: '/backup/nightly-7/snapshot.db',
      sha256: 'ab'.repeat(32),
      size: 20_512,
      revision: 1000,
      takenAt: '2026-11-20T09:10:07Z',
    },
    controlPlane: [],
    ...more,
    members,
  } as const satisfies Partial<RestorePlan>;
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'RestorePlan',
    id: 'r-20261120t091407z-a1b2c3',
    createdAt: '2026-11-20T09:14:07Z',
    holdfast: '0.1.0',
    cluster: { name: 'prod', oldId: 'cdf818194e3a8c32' },
    why: 'the quorum is lost; a snapshot was asked for',
    token: 'prod-a1b2c3',
    bump: { by: 1_000_000_000, markCompacted: true },
    expected: { clusterId: 'f00dfeedf00dfeed', revision: 1_000_001_000 },
    loss: {
      revisions: 200,
      since: '2026-11-20T09:10:07Z',
      objects: {
        created: 3,
        changed: 1,
        deleted: 1,
        examples: [
          { key: '/registry/pods/default/web-1', change: 'created' },
          { key: '/registry/configmaps/kube-system/x', change: 'changed' },
          { key: '/registry/secrets/default/old', change: 'deleted' },
        ],
      },
      why: 'compared with the data of m1',
    },
    checks: [
      { id: 'P1', what: 'integrity', outcome: 'passed', detail: '5 pages', evidence: {} },
      { id: 'P10', what: 'topology', outcome: 'passed', detail: '2 members', evidence: {} },
      {
        id: 'P13',
        what: 'reach',
        outcome: 'skipped',
        detail: 'm3 cannot be reached',
        reason: 'its power is off',
        evidence: {},
      },
      { id: 'P3', what: 'freshness', outcome: 'warned', detail: '200 revisions are lost', evidence: {} },
    ],
    skips: [{ check: 'P13', reason: 'its power is off' }],
    steps: planSteps(shape, () => 1000),
    estimateMs: 23_000,
    by: 'ops@bastion',
    hash: 'cd'.repeat(32),
    ...shape,
  };
}
