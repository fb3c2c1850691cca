import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, systemClock } from '@holdfast/base';
import { openRepository } from '@holdfast/repository';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkCluster } from './cluster-checks.ts';
import { doctor, type DoctorRequest } from './doctor.ts';
import type { ExaminedEndpoint } from './endpoint-checks.ts';
import { checkNode } from './machine-checks.ts';
import { Findings } from './report.ts';

const context = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.0.0' };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-doctor-'));
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

async function findings(wanted: Partial<DoctorRequest>): Promise<string[]> {
  const { checks } = await doctor(context, { repositories: [], ...wanted });
  return checks
    .filter((each) => each.subject !== 'this machine')
    .map((each) => `${each.check}: ${[each.outcome, each.fault].filter(Boolean).join(' ')}`);
}

const at = (path: string): DoctorRequest['repositories'][number] => ({
  name: path,
  folder: path,
  open: () => openRepository(path, { create: false }),
});

test.each([
  ['24.0.0', 'ok'],
  ['22.19.0', 'ok'],
  ['22.18.9', 'failed'],
])('Node %s is %s', (version, outcome) => {
  const findings = new Findings('this machine');
  checkNode(findings, version);
  expect(findings.checks[0]?.outcome).toBe(outcome);
});

test('what is not set is skipped', async () => {
  expect(await findings({})).toEqual(['repository: skipped', 'endpoints: skipped']);
});

test('an empty repository is fine, and the probe leaves nothing', async () => {
  await openRepository(folder, { create: true });
  expect(await findings({ repositories: [at(folder)] })).toEqual([
    expect.stringMatching(/^mount: (ok|warning setup)$/),
    'reachable: ok',
    'writable: ok',
    'space: ok',
    'records: ok',
    'leftovers: ok',
    'endpoints: skipped',
  ]);
  expect(await readdir(join(folder, '.staging'))).toEqual([]);
});

test('no repository yet is a warning, something else there is a fault', async () => {
  expect(await findings({ repositories: [at(join(folder, 'none'))] })).toContain('reachable: warning setup');
  await writeFile(join(folder, 'letters.txt'), 'dear diary');
  expect(await findings({ repositories: [at(folder)] })).toContain('reachable: failed setup');
});

test.skipIf(process.getuid?.() === 0)(
  'a folder that may not be written to is a matter of permissions',
  async () => {
    await openRepository(folder, { create: true });
    await rm(join(folder, '.staging'), { recursive: true });
    await chmod(folder, 0o500);
    expect(await findings({ repositories: [at(folder)] })).toContain('writable: failed permissions');
  },
);

test('what cannot be read and what was never finished is named', async () => {
  const repository = await openRepository(folder, { create: true });
  const cluster = await repository.addCluster('prod');
  const snapshots = join(folder, 'clusters', cluster.id, 'snapshots');
  await mkdir(join(snapshots, 'broken'), { recursive: true });
  await writeFile(join(snapshots, 'broken', 'manifest.json'), '{');
  await mkdir(join(snapshots, 'begun'));
  await writeFile(join(snapshots, 'begun', 'snapshot.db'), 'half');
  const found = await findings({ repositories: [at(folder)] });
  expect(found).toContain('records: failed data');
  expect(found).toContain('leftovers: warning disk space');
  expect(found).toContain('proof of prod: failed data');
});

test('an etcd that cannot even be asked is a finding; a bug is not', async () => {
  const failure = new Failure('file-unreadable', 'ENOENT', { path: '/ca' });
  expect(await findings({ etcd: throwing(failure) })).toContain('connect: failed permissions');
  await expect(doctor(context, { repositories: [], etcd: throwing(new TypeError('a bug')) })).rejects.toThrow(
    'a bug',
  );
});

function throwing(error: Error): NonNullable<DoctorRequest['etcd']> {
  return async () => {
    throw error;
  };
}

test('the cluster is judged by all that answer', () => {
  expect(judged(member(1), member(2), member(3))).toEqual([
    'identity: ok',
    'members: ok',
    'lag: ok',
    'alarms: ok',
  ]);
  expect(judged(member(1), member(2))).toContain('members: warning');
  expect(judged(member(1), member(2, { clusterId: 'd' }))).toEqual(['identity: failed']);
  expect(judged(member(1), member(2, { appliedIndex: 10 }), member(3))).toContain('lag: failed');
  expect(judged(member(1, { alarms: [{ memberId: '2', alarm: 'CORRUPT' }] }))).toContain('alarms: failed');
  expect(judged()).toEqual(['members: skipped']);
});

function member(n: number, more: Partial<ExaminedEndpoint['status']> = {}): ExaminedEndpoint {
  const status = {
    clusterId: 'c',
    memberId: String(n),
    version: '3.6.1',
    storageVersion: null,
    dbSize: 0,
    dbSizeInUse: 0,
    isLearner: false,
    isLeader: false,
    raftIndex: 0,
    raftTerm: 1,
    appliedIndex: 5000,
    revision: 1,
    alarms: [],
    ...more,
  };
  return {
    endpoint: `http://m${n}:2379`,
    findings: new Findings(''),
    members: 3,
    status,
  };
}

function judged(...members: ExaminedEndpoint[]): string[] {
  return checkCluster(members).checks.map((each) => `${each.check}: ${each.outcome}`);
}
