import { expect, test } from 'vitest';
import { alertsOf } from './alerts-of.ts';
import type { Facts } from './facts.ts';
import {
  cluster,
  facts,
  hours,
  inventory,
  node,
  now,
  policy,
  repository,
  stuckRestore,
} from './testing/facts.ts';

const keys = (changes: Partial<Facts>): string[] =>
  alertsOf(facts(changes), now).map(({ key, severity }) => `${key} ${severity}`);

const heads = (
  near: Partial<Facts['heads'][number]>,
  far: Partial<Facts['heads'][number]> = {},
): Facts['heads'] => {
  const [one, other] = facts().heads;
  return [
    { ...one!, ...near },
    { ...other!, ...far },
  ];
};

test('of what is well nothing is told', () => {
  expect(keys({})).toEqual([]);
});

test.each<[string, Partial<Facts>, string[]]>([
  [
    'a copy that is not verified',
    { heads: heads({ verified: hours(2.1) }) },
    ['no-verified-snapshot/c-11111/hourly/near critical'],
  ],
  ['one that is just young enough', { heads: heads({ verified: hours(1.9) }) }, []],
  [
    'none ever, of a policy that is old',
    { heads: [facts().heads[1]!] },
    ['no-verified-snapshot/c-11111/hourly/near critical', 'copy-missing/c-11111/hourly/near warning'],
  ],
  ['none ever, of one that was just made', { heads: [], policies: [policy({}, hours(1))], drills: [] }, []],
  [
    'snapshots of another policy',
    { heads: heads({ policy: 'other' }) },
    ['no-verified-snapshot/c-11111/hourly/near critical', 'copy-missing/c-11111/hourly/near warning'],
  ],
  [
    'a copy that is not required',
    {
      heads: [facts().heads[0]!],
      policies: [policy({ targets: [{ repository: 'near' }, { repository: 'far', required: false }] })],
    },
    [],
  ],
  [
    'a folder that only nodes have',
    {
      heads: [facts().heads[0]!],
      repositories: [
        repository('near'),
        repository('far', { spec: { name: 'far', path: '/far', readByServer: false } }),
      ],
    },
    [],
  ],
  [
    'copies of one save, a moment apart',
    { heads: heads({}, { stored: hours(0.505), verified: hours(0.505) }) },
    [],
  ],
  [
    'a copy that lacks saves, though one comes each hour',
    { policies: [policy({ rpo: '1d' })], heads: heads({}, { stored: hours(2.6), verified: hours(2.6) }) },
    ['copy-missing/c-11111/hourly/far warning'],
  ],
  [
    'one that lacks the last save alone',
    { policies: [policy({ rpo: '1d' })], heads: heads({}, { stored: hours(1.5), verified: hours(1.5) }) },
    [],
  ],
  [
    'a drill that failed',
    { drills: [{ ...facts().drills[0]!, state: 'failed', why: 'hashkv differs' }] },
    ['drill-failed/c-11111/hourly critical'],
  ],
  [
    'a drill that is long ago',
    { drills: [{ ...facts().drills[0]!, succeededAt: hours(49) }] },
    ['drill-overdue/c-11111/hourly warning'],
  ],
  ['no drill, and none is wanted', { drills: [], policies: [policy({ drill: null })] }, []],
  [
    'a pause beyond half of what is promised',
    { policies: [policy({ pause: { since: hours(1.5), until: null, reason: 'upgrade' } })] },
    ['paused-too-long/c-11111/hourly warning'],
  ],
  [
    'a pause of a week where much is promised',
    {
      policies: [policy({ rpo: '30d', pause: { since: hours(24 * 7 + 1), until: null, reason: 'upgrade' } })],
    },
    ['paused-too-long/c-11111/hourly warning'],
  ],
  [
    'a short pause',
    { policies: [policy({ pause: { since: hours(0.5), until: null, reason: 'upgrade' } })] },
    [],
  ],
  ['a clock that is off', { nodes: [node({ clockSkewMs: -5_001 })] }, ['clock-skew/c-11111/n-11111 warning']],
  [
    'a clock that is far off',
    { nodes: [node({ clockSkewMs: 600_000 })] },
    ['clock-skew/c-11111/n-11111 warning', 'clock-skew/c-11111/n-11111/critical critical'],
  ],
  [
    'an agent that is silent among others',
    { nodes: [node(), node({ id: 'n-22222', seenAt: hours(0.04) })] },
    ['node-gone/c-11111/n-22222 warning'],
  ],
  [
    'all agents silent, whatever they told last',
    { nodes: [node({ seenAt: null, clockSkewMs: 99_999 })] },
    ['node-gone/c-11111/n-11111 critical'],
  ],
  [
    'a certificate of etcd',
    {
      nodes: [
        node({
          inventory: inventory({
            certificates: [{ of: '/etc/pki/server.crt', subject: '', notAfter: hours(-24 * 13) }],
          }),
        }),
      ],
    },
    ['certificate-expiring/c-11111/n-11111//etc/pki/server.crt warning'],
  ],
  [
    'one that ends tomorrow',
    {
      nodes: [
        node({ inventory: inventory({ certificates: [{ of: 'x', subject: '', notAfter: hours(-24) }] }) }),
      ],
    },
    [
      'certificate-expiring/c-11111/n-11111/x warning',
      'certificate-expiring/c-11111/n-11111/x/critical critical',
    ],
  ],
  [
    'that of an agent which has not renewed it',
    { nodes: [node({ certificateNotAfter: hours(-24 * 6) })] },
    ['certificate-expiring/c-11111/n-11111/agent warning'],
  ],
  ['that of an agent which is about to', { nodes: [node({ certificateNotAfter: hours(-24 * 9) })] }, []],
  [
    'a member outside quorum, with another inside',
    {
      nodes: [
        node(),
        node({ id: 'n-22222', inventory: inventory({}, { description: { name: 'm2' }, inQuorum: false }) }),
      ],
    },
    ['member-unhealthy/c-11111/n-22222/m2 warning'],
  ],
  [
    'a member that does not run, alone',
    { nodes: [node({ inventory: inventory({}, { running: false, inQuorum: false, answers: false }) })] },
    ['member-unhealthy/c-11111/n-11111/m1 critical'],
  ],
  [
    'a member with an alarm',
    { nodes: [node({ inventory: inventory({}, { alarms: ['NOSPACE'] }) })] },
    ['member-unhealthy/c-11111/n-11111/m1 critical'],
  ],
  [
    'a learner',
    {
      nodes: [
        node(),
        node({ id: 'n-22222', inventory: inventory({}, { isLearner: true, inQuorum: false }) }),
      ],
    },
    [],
  ],
  [
    'a repository that cannot be read',
    { repositories: [repository('near', { reachable: false, why: 'refused' }), repository('far')] },
    ['repository-unreachable/-/near warning'],
  ],
  [
    'one that was never tried',
    { repositories: [repository('near', { reachable: null }), repository('far')] },
    [],
  ],
  ['a restore that stands still', { stuck: [stuckRestore()] }, ['restore-stuck/c-11111/op-11111 critical']],
])('%s', (_, changes, told) => {
  expect(keys(changes)).toEqual(told);
});

test('sentences say what, where and since when', () => {
  const told = alertsOf(
    facts({
      heads: heads({ verified: hours(5) }),
      stuck: [stuckRestore()],
      nodes: [node({ seenAt: hours(1) })],
      repositories: [repository('near'), repository('far', { reachable: false, why: 'refused' })],
    }),
    now,
  );
  expect(told.map(({ what, since }) => `${since} ${what}`)).toEqual([
    '2026-11-22T10:00:00.000Z The server cannot read the repository far: refused.',
    '2026-11-22T09:02:00.000Z The agent of cp-1 of prod was last heard at 2026-11-22T09:00:00.000Z, and no other agent of the cluster is heard.',
    '2026-11-22T07:00:00.000Z Policy hourly of prod has no verified snapshot in near that is younger than 2h00m: the newest is of 2026-11-22T05:00:00.000Z.',
    '2026-11-22T09:00:00.000Z The restore op-11111 of prod stands still: a disk is full.',
  ]);
});

test('ten thousand clusters are judged in a moment', () => {
  const ids = Array.from({ length: 10_000 }, (_, at) => `c-${at}`);
  const many = facts({
    clusters: ids.map((id) => ({ ...cluster, id })),
    nodes: ids.flatMap((id) => ['a', 'b', 'c'].map((at) => node({ cluster: id, id: `n-${id}-${at}` }))),
    policies: ids.map((id) => ({ ...policy(), cluster: id })),
    heads: ids.flatMap((id) => facts().heads.map((head) => ({ ...head, cluster: id }))),
    drills: ids.map((id) => ({ ...facts().drills[0]!, cluster: id })),
  });
  const begun = performance.now();
  expect(alertsOf(many, now)).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(5_000);
});
