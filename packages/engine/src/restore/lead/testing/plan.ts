import {
  planSteps,
  type ComponentKind,
  type PlannedChange,
  type PlannedComponent,
  type PlannedMember,
  type RestorePlan,
} from '@holdfast/model';
import { planHash } from '../../plan/index.ts';

type Shape = Pick<RestorePlan, 'way' | 'strategy'> & {
  readonly fresh: number;
  readonly former: number;
  readonly source?: 'snapshot' | 'salvage';
  /** Former members are vouched for as off. */
  readonly attested?: boolean;
  /** How many machines have a control plane; none when absent. */
  readonly control?: number;
  /** Servers of K3s: etcd and the control plane of a machine are in one unit. */
  readonly whole?: boolean;
  /** Something changes on every machine of the control plane, else on the first member's. */
  readonly changes?: boolean;
};

/** The plan of a restore of members m1, m2 … and former members f1, f2 … that lie nowhere. */
export function planOf({
  way,
  strategy,
  fresh,
  former,
  source = 'snapshot',
  attested,
  control = 0,
  whole = false,
  changes = false,
}: Shape): RestorePlan {
  const run = whole ? { run: { driver: 'k3s-rke2' as const, runtime: 'k3s' as const } } : {};
  const members = [
    ...Array.from({ length: fresh }, (_, i) => ({ ...member(`m${i + 1}`, 'member'), ...run })),
    ...Array.from({ length: former }, (_, i) => ({
      ...member(`f${i + 1}`, 'former'),
      ...(attested === true && { attested: { by: 'ada@desk', reason: 'it burnt' } }),
    })),
  ];
  const changed = control === 0 ? ['m1'] : Array.from({ length: control }, (_, i) => `api${i + 1}`);
  const figures = { size: 1000, revision: 7 };
  const shape = {
    way,
    strategy,
    seed: strategy === 'seed' ? 'm1' : null,
    members,
    controlPlane: Array.from({ length: control }, (_, i) => controlPlaneOf(i + 1))
      .flat()
      .map((part) => ({ ...part, ...run })),
    ...(changes && { scope: 'kubernetesVersion' as const, changes: changed.map(changeAt) }),
    source:
      way === 'replace'
        ? { kind: 'quorum' as const, ...figures }
        : source === 'salvage'
          ? { kind: 'salvage' as const, member: 'm1', ...figures }
          : {
              kind: 'snapshot' as const,
              label: 'daily',
              path: '/nowhere/daily.db',
              sha256: 'ab'.repeat(32),
              takenAt: null,
              ...figures,
            },
  };
  const plan: RestorePlan = {
    apiVersion: 'holdfast.dev/v1',
    kind: 'RestorePlan',
    id: 'r-20261121t120000z-abcdef',
    createdAt: '2026-11-21T12:00:00.000Z',
    holdfast: '0.0.0',
    cluster: { name: 'prod', oldId: 'cdf818194e3a8c32' },
    why: 'every member is lost',
    ...shape,
    token: 'a-token',
    bump: { by: 1000, markCompacted: true },
    expected: { clusterId: 'abcdef', revision: 1007 },
    loss: { revisions: 0, since: null, objects: null, why: 'nothing' },
    checks: [],
    skips: [],
    steps: planSteps(shape),
    estimateMs: 0,
    by: 'ada@desk',
    hash: '',
  };
  return hashed(plan);
}

function changeAt(at: string): PlannedChange {
  return {
    ...{ at, kind: 'version', what: 'kube-apiserver', path: '/kube-apiserver.yaml', from: 'v1.35.0' },
    ...{ to: 'v1.34.1', absent: false, how: 'manifest', applies: true, why: '', diff: null },
  };
}

export function hashed(plan: RestorePlan): RestorePlan {
  return { ...plan, hash: planHash(plan) };
}

/** An API server that runs, a scheduler that does not, and the controllers. */
function controlPlaneOf(machine: number): PlannedComponent[] {
  const part = (name: string, component: ComponentKind, running: boolean): PlannedComponent => ({
    name: `${name}${machine}`,
    component,
    urls: [`https://m${machine}:6443`],
    run: { driver: 'systemd', unit: `${component}.service` },
    running,
  });
  return [
    part('sched', 'kube-scheduler', false),
    part('api', 'kube-apiserver', true),
    part('ctrl', 'kube-controller-manager', true),
  ];
}

function member(name: string, role: PlannedMember['role']): PlannedMember {
  return {
    name,
    role,
    peerUrls: [`http://${name}:2380`],
    clientUrls: [`http://${name}:2379`],
    dataDir: `/var/lib/${name}`,
    run: { driver: 'systemd', unit: 'etcd.service' },
    sight: {
      running: true,
      answers: false,
      inQuorum: false,
      data: 'readable',
      dataFault: '',
      revision: 7,
      appliedIndex: 9,
      committedIndex: 9,
      lastIndex: 9,
      term: 2,
      size: 1000,
      writtenAt: null,
      clusterId: 'cdf818194e3a8c32',
      memberId: 'a1',
      listed: null,
      version: null,
    },
  };
}
