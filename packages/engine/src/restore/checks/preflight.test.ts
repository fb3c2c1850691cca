import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { systemClock, type Clock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import type { RestoreCheck, RestorePlan } from '@holdfast/model';
import { openRepository } from '@holdfast/repository';
import { storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerbContext } from '../../context.ts';
import { preflight, type PreflightRequest } from './index.ts';
import { memberOf, planOf, sightOf } from './test-plan.ts';

const fixture = new URL('../../../../../test/fixtures/snapshots/etcd-3.6.16.db.gz', import.meta.url);
const content = gunzipSync(await readFile(fixture));
const sha256 = createHash('sha256').update(content).digest('hex');
const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.1.0' };

let folder: string;
let source: Extract<RestorePlan['source'], { kind: 'snapshot' }>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-checks-'));
  const path = join(folder, 'one.db');
  await writeFile(path, content);
  await mkdir(join(folder, 'data', 'member'), { recursive: true });
  const takenAt = '2026-01-01T00:00:00.000Z';
  source = { kind: 'snapshot', label: 'one', path, sha256, size: content.length, revision: 61, takenAt };
});
afterEach(async () => rm(folder, { recursive: true }));

async function made(
  changes: Partial<RestorePlan> = {},
  request: Partial<PreflightRequest> = {},
  clock: Clock = systemClock,
): Promise<Record<string, RestoreCheck>> {
  const checks = await preflight(
    { ...context, clock },
    {
      plan: planOf({ source, members: [memberOf('m1', 1, { dataDir: join(folder, 'data') })], ...changes }),
      nodes: () => {
        throw new Error('no check asks a node');
      },
      connect: (endpoints) => connectEtcd({ endpoints, clock: systemClock }),
      ...request,
    },
  );
  return Object.fromEntries(checks.map((each) => [each.id, each]));
}

/** The snapshot in a repository, as one of the etcd cluster with this id. */
async function stored(etcdId: string, state: 'healthy' | 'degraded' = 'healthy') {
  const repository = await openRepository(join(folder, 'repository'), { create: true });
  const cluster = await repository.addCluster('elsewhere');
  await storeSnapshot(repository, cluster, 'one', content, {
    cluster: { id: cluster.id, name: cluster.name, etcdId, kubernetesUid: null },
    quorum: { state, reasons: state === 'healthy' ? [] : ['m1 was alone'] },
  });
  const { path } = await repository.snapshot('one');
  return { repository, source: { ...source, path } };
}

test('every check is made, in order, and tells what it saw', async () => {
  const checks = await made();
  expect(Object.keys(checks)).toEqual([
    'P1',
    'P2',
    'P3',
    'P4',
    'P5',
    'P6',
    'P10',
    'P11',
    'P12',
    'P13',
    'P15',
  ]);
  expect(Object.values(checks).every(({ detail }) => detail.length > 10)).toBe(true);
  expect(checks['P1']).toMatchObject({ outcome: 'passed' });
  expect(checks['P4']).toMatchObject({ outcome: 'warned', evidence: { snapshot: '3.6.0' } });
  expect(checks['P11']).toMatchObject({ outcome: 'passed' });
});

describe('P1 integrity', () => {
  test('a file that was cut is told, and everything else that reads it fails', async () => {
    await truncate(source.path!, 5_000);
    const checks = await made();
    expect(checks['P1']).toMatchObject({ outcome: 'failed' });
    expect(checks['P4']?.outcome).toBe('failed');
  });

  test('a file that is gone fails', async () => {
    await rm(source.path!);
    expect((await made())['P1']).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('ENOENT') as string,
    });
  });

  test('a skip with a reason lets it go on, and only this one', async () => {
    const [path, reason] = [join(folder, 'gone'), 'only copy left'];
    const checks = await made({ source: { ...source, path }, skips: [{ check: 'P1', reason }] });
    expect(checks['P1']).toMatchObject({ outcome: 'skipped', reason });
    expect(checks['P2']).toMatchObject({ outcome: 'failed' });
  });

  test('of what survives, only readable data passes', async () => {
    const salvage = { kind: 'salvage', member: 'm1', size: 1, revision: 61 } as const;
    expect((await made({ source: salvage, way: 'salvage' }))['P1']?.outcome).toBe('passed');
    const damaged = memberOf('m1', 1, { sight: sightOf({ data: 'damaged', dataFault: 'page 7 is torn' }) });
    expect((await made({ source: salvage, way: 'salvage', members: [damaged] }))['P1']).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('page 7 is torn') as string,
    });
  });
});

describe('with a repository', () => {
  test('the cluster id of etcd decides', async () => {
    const same = await stored('aaaa', 'degraded');
    const checks = await made({ source: same.source }, same);
    expect(checks['P2']).toMatchObject({ outcome: 'passed' });
    expect(checks['P3']).toMatchObject({
      outcome: 'warned',
      detail: expect.stringContaining('m1 was alone') as string,
    });
  });

  test('another cluster fails unless it is wanted', async () => {
    const other = await stored('bbbb');
    const members = [memberOf('x9', 1)];
    expect((await made({ source: other.source, members }, other))['P2']?.outcome).toBe('failed');
    const cloned = await made({ source: other.source, members }, { ...other, clone: true });
    expect(cloned['P2']).toMatchObject({ outcome: 'warned', evidence: { clone: true } });
  });
});

test('newer data elsewhere forbids to salvage the older', async () => {
  const members = [
    memberOf('m1', 1),
    memberOf('m2', 3, { sight: sightOf({ committedIndex: 70, lastIndex: 81 }) }),
    memberOf('m3', 5, { sight: sightOf({ lastIndex: 99, clusterId: 'cccc' }) }),
  ];
  const salvage = { kind: 'salvage', member: 'm1', size: 1, revision: 61 } as const;
  const checks = await made({ source: salvage, way: 'salvage', members });
  expect(checks['P3']).toMatchObject({
    outcome: 'failed',
    detail: expect.stringContaining('m2 has newer') as string,
  });
  expect(checks['P2']).toMatchObject({ outcome: 'failed' });
});

test.each([
  [null, 'warned'],
  ['3.5.28', 'failed'],
  ['3.6.16', 'passed'],
  ['3.7.0', 'passed'],
  ['3.8.0', 'failed'],
])('P4 with an etcd %s that is off', async (version, outcome) => {
  const members = [memberOf('m1', 1, { sight: sightOf({ version }) })];
  expect((await made({ members }))['P4']).toMatchObject({
    outcome,
    evidence: { snapshot: '3.6.0', members: [{ name: 'm1', version }] },
  });
});

describe('a member that the cluster had', () => {
  const listed = [1, 2, 3].map((i) => ({
    id: `${i}${i}`,
    name: `m${i}`,
    peerUrls: [`http://127.0.0.1:${2 * i - 1}`],
    isLearner: false,
  }));
  const survivor = memberOf('m1', 1, { sight: sightOf({ memberId: '11', listed }) });
  const lost = sightOf({ data: 'absent', memberId: null });
  const all = [survivor, memberOf('m2', 3, { sight: lost }), memberOf('m3', 5, { sight: lost })];

  test('is fenced when it is described, by its address or its data', async () => {
    expect((await made({ members: all }))['P13']).toMatchObject({ outcome: 'passed' });
    const moved = [
      survivor,
      memberOf('n2', 3, { sight: lost }),
      memberOf('x', 9, { sight: sightOf({ memberId: '33' }) }),
    ];
    expect((await made({ members: moved }))['P13']).toMatchObject({ outcome: 'passed' });
  });

  test('and that nobody describes is named, and a reason lets it be', async () => {
    const failed = (await made({ members: [survivor] }))['P13'];
    expect(failed).toMatchObject({
      outcome: 'failed',
      evidence: { notFenced: [{ name: 'm2' }, { name: 'm3' }] },
    });
    expect(failed?.detail).toBe(
      'the cluster had m2 (http://127.0.0.1:3) too, which the description does not name, so nobody stops it; ' +
        'the cluster had m3 (http://127.0.0.1:5) too, which the description does not name, so nobody stops it',
    );
    const skips = [{ check: 'P13', reason: 'both machines burnt' }];
    expect((await made({ members: [survivor], skips }))['P13']).toMatchObject({ outcome: 'skipped' });
    expect((await made({ members: [survivor], way: 'replace' }))['P13']).toMatchObject({ outcome: 'passed' });
  });

  test('and that has moved must not answer where it was', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const before = listed.map((each) =>
      each.name === 'm2' ? { ...each, peerUrls: [`http://127.0.0.1:${port}`] } : each,
    );
    const members = [
      memberOf('m1', 1, { sight: sightOf({ memberId: '11', listed: before }) }),
      ...all.slice(1),
    ];
    expect((await made({ members }))['P13']).toMatchObject({
      outcome: 'failed',
      detail: `the cluster had m2 (http://127.0.0.1:${port}), the description has it elsewhere, and there something still listens`,
    });
    server.close();
    await once(server, 'close');
    expect((await made({ members }))['P13']).toMatchObject({ outcome: 'passed' });
  });
});

test.each(['snapshot', 'replace'] as const)(
  'who is vouched to be off and cannot be reached fails nothing, way %s',
  async (way) => {
    const sight = sightOf({
      running: null,
      data: 'unknown',
      revision: null,
      writtenAt: null,
      clusterId: null,
    });
    const gone = memberOf('m3', 5, {
      role: 'former',
      sight: { ...sight, dataFault: 'no route to host' },
      // Addresses and folders of its own machine, which mean nothing here.
      peerUrls: ['http://0.0.0.0:1'],
      dataDir: '/nowhere/at/all',
      attested: { by: 'ann@ops', reason: 'it burnt' },
    });
    const dataDir = join(folder, 'data');
    const others = [memberOf('m1', 1, { dataDir }), memberOf('m2', 3, { dataDir })];
    const quorum = { kind: 'quorum', size: 1, revision: 61 } as const;
    const checks =
      way === 'snapshot'
        ? await made({ members: [...others, gone] })
        : await made({ way, source: quorum, members: [gone], staying: others });
    const failed = Object.values(checks).filter(({ id, outcome }) => outcome === 'failed' && id !== 'P2');
    expect(failed).toEqual([]);
    expect(checks['P13']).toMatchObject({ outcome: 'warned', detail: 'ann@ops says of m3: it burnt' });
    const answers = { ...gone, sight: { ...gone.sight, answers: true } };
    expect((await made({ members: [...others, answers] }))['P13']).toMatchObject({
      outcome: 'failed',
      detail: 'etcd of m3 answers, and is said to be off',
    });
  },
);

test.each([
  ['one', [memberOf('m1', 1)], 'passed'],
  ['two', [memberOf('m1', 1), memberOf('m2', 3)], 'warned'],
  ['a name twice', [memberOf('m1', 1), memberOf('m1', 3), memberOf('m3', 5)], 'failed'],
  ['an address twice', [memberOf('m1', 1), memberOf('m2', 1), memberOf('m3', 5)], 'failed'],
  ['no address', [memberOf('m1', 1, { peerUrls: ['http://0.0.0.0:2380'] })], 'failed'],
  [
    'one local among others',
    [memberOf('m1', 1), memberOf('m2', 3, { peerUrls: ['http://10.0.0.1:2380'] }), memberOf('m3', 5)],
    'failed',
  ],
] as const)('topology of %s', async (_, members, outcome) => {
  expect((await made({ members: [...members] }))['P10']).toMatchObject({ outcome });
});

test.each([
  ['docker', { driver: 'docker', container: 'etcd', restart: 'always' }],
  ['k3s', { driver: 'k3s-rke2', runtime: 'k3s' }],
] as const)('a member that is run by %s cannot join, and need not where all are built', async (_, run) => {
  const members = ['m1', 'm2', 'm3'].map((name, i) => memberOf(name, 1 + 2 * i, { run }));
  const seeded = await made({ members, strategy: 'seed', seed: 'm1' });
  expect(seeded['P10']).toMatchObject({
    outcome: 'failed',
    detail: expect.stringMatching(
      /^m2 would have to join, and .* \(--strategy all needs no joining\); m3 /,
    ) as string,
  });
  expect((await made({ members }))['P10']).toMatchObject({ outcome: 'passed' });
});

test('a clock that was wound back fails', async () => {
  const wound: Clock = { ...systemClock, now: () => new Date('2025-12-31T00:00:00Z') };
  expect((await made({}, {}, wound))['P12']).toMatchObject({
    outcome: 'failed',
    detail: expect.stringContaining('the snapshot was taken') as string,
  });
});

test('a member that nobody sees needs somebody who vouches for it', async () => {
  const sight = sightOf({ running: null, data: 'unknown' });
  expect((await made({ members: [memberOf('m1', 1, { sight })] }))['P13']?.outcome).toBe('failed');
  const attested = { by: 'ann@ops', reason: 'its power is off' };
  expect((await made({ members: [memberOf('m1', 1, { sight, attested })] }))['P13']).toMatchObject({
    outcome: 'warned',
    detail: 'ann@ops says of m1: its power is off',
  });
});

test('that etcd answers from a machine that cannot be reached is not enough', async () => {
  const sight = sightOf({ running: true, answers: true, data: 'unknown', dataFault: 'it is elsewhere' });
  expect((await made({ members: [memberOf('m1', 1, { sight })] }))['P13']).toMatchObject({
    outcome: 'failed',
    detail: 'etcd of m1 runs and cannot be stopped from here: it is elsewhere',
  });
});

test('the disk of each machine counts, wherever the check is made', async () => {
  const room = { fileSystem: 'a', free: 2 ** 40, memory: 2 ** 40, writable: true, renames: true };
  const roomFor = (name: string, port: number, changes: object | null) =>
    memberOf(name, port, {
      sight: sightOf({ room: changes === null ? undefined : { ...room, ...changes } }),
    });
  const found = async (changes: object | null) =>
    (await made({ members: [roomFor('m1', 1, {}), roomFor('m2', 3, changes)] }))['P11'];
  expect(await found({ fileSystem: 'b', free: 7 })).toMatchObject({
    outcome: 'failed',
    detail: expect.stringMatching(/^m2: .* are needed and 7 B are free$/) as string,
  });
  const each = 700_000_000;
  expect(await found({ fileSystem: 'b', free: each })).toMatchObject({ outcome: 'passed' });
  expect(await found(null)).toMatchObject({
    outcome: 'warned',
    detail: 'the disks of m2 could not be seen',
  });
  expect(await found({ renames: false })).toMatchObject({ outcome: 'failed' });
});

test('a database that would not fit fails', async () => {
  const size = 2 ** 50;
  const checks = await made({
    source: { kind: 'salvage', member: 'm1', size, revision: 61 },
    way: 'salvage',
  });
  expect(checks['P11']).toMatchObject({
    outcome: 'failed',
    detail: expect.stringContaining('free') as string,
  });
});
