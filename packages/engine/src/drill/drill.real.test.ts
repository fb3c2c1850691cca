import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import { openRepository, type Repository, type SnapshotEntry } from '@holdfast/repository';
import { storeSnapshot } from '@holdfast/repository/testing';
import {
  etcdOrSkip,
  planCluster,
  startCluster,
  startPlanned,
  type ClusterOptions,
} from '@holdfast/test-servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { restoreDatadir } from '../restore/index.ts';
import { saveSnapshot } from '../save/index.ts';
import { listDrills, runDrill } from './index.ts';

const etcd = await etcdOrSkip('3.6');
const older = await etcdOrSkip('3.5');
const program = etcd.skip ? '' : etcd.binaries.etcd;

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.0.0' };
let folder: string;
let stateDir: string;
let repository: Repository;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-drill-'));
  stateDir = join(folder, 'state');
  repository = await openRepository(join(folder, 'repository'), { create: true });
});
afterEach(async () => rm(folder, { recursive: true }));

/** Saves a little history, with deletions and a compaction. */
async function saved(options: Partial<ClusterOptions> = {}): Promise<SnapshotEntry> {
  await using cluster = await startCluster({ version: '3.6', ...options });
  const gateway = cluster.gateway();
  for (let i = 0; i < 40; i += 1) await gateway.put(`/registry/pods/${i % 30}`, `pod ${i} `.repeat(100));
  await gateway.deleteRange('/registry/pods/3');
  await gateway.compact(20);
  const { endpoints, auth } = cluster;
  await using client = connectEtcd({ endpoints, clock: systemClock, ...(auth && { auth }) });
  const { snapshot } = await saveSnapshot(context, {
    client,
    destinations: [{ name: 'here', repository, required: true }],
    name: 'nightly',
  });
  if (options.auth !== undefined) credentials = auth;
  return snapshot;
}
let credentials: { user: string; password: string } | undefined;

async function drill(changes: { program?: string; auth?: { user: string; password: string } } = {}) {
  return await runDrill(context, { repository, name: 'nightly', program, stateDir, ...changes });
}

/** Only the reports are there, for this user alone. */
async function expectOnlyReports(count: number): Promise<void> {
  const names = await readdir(join(stateDir, 'drills'));
  expect(names).toHaveLength(count);
  for (const name of names) {
    expect(name).toMatch(/^\d{8}T\d{9}Z-nightly\.json$/);
    expect((await stat(join(stateDir, 'drills', name))).mode & 0o777).toBe(0o600);
  }
}

describe.skipIf(etcd.skip)('a drill', () => {
  test('of a sound snapshot passes every check, is measured, kept and listed', async () => {
    const { manifest } = await saved();
    const report = await drill();
    expect(report).toMatchObject({
      outcome: 'passed',
      failed: null,
      etcd: etcd.skip ? '' : etcd.binaries.version,
      snapshot: { name: 'nightly', revision: manifest.revision, sha256: manifest.content.sha256 },
    });
    expect(report.checks.map(({ check, outcome }) => [check, outcome])).toEqual(
      ['program', 'restore', 'start', 'members', 'revision', 'alarms', 'probe', 'keys', 'hashkv'].map(
        (check) => [check, 'passed'],
      ),
    );
    expect(report.checks.find(({ check }) => check === 'keys')?.detail).toBe('29, as in the snapshot');
    expect(report.checks.at(-1)?.detail).toContain('and on the member that was saved');
    const { restoreMs, startMs, questionsMs, totalMs } = report.times;
    expect(Math.abs(totalMs! - restoreMs! - startMs! - questionsMs!)).toBeLessThan(3);
    await expectOnlyReports(1);
    expect(await listDrills(stateDir)).toEqual({ drills: [report], damaged: [] });
    const [name] = await readdir(join(stateDir, 'drills'));
    const path = join(stateDir, 'drills', name!);
    await writeFile(path, (await readFile(path, 'utf8')).replace('"passed"', '"failed"'));
    expect(await listDrills(stateDir)).toMatchObject({ drills: [], damaged: [{ path }] });
  });

  test('of a snapshot whose revision a restore has moved on counts the keys that can be read', async () => {
    const { path } = await saved();
    const plan = await planCluster({ version: '3.6' });
    const [member] = plan.members;
    await restoreDatadir(context, {
      source: { file: path },
      dataDir: member!.dataDir,
      name: member!.name,
      initialCluster: plan.initialCluster,
      peerUrls: [member!.peerUrl],
      token: plan.token,
    });
    await using cluster = await startPlanned(plan, { restored: true });
    await using client = connectEtcd({ endpoints: cluster.endpoints, clock: systemClock });
    await saveSnapshot(context, {
      client,
      destinations: [{ name: 'here', repository, required: true }],
      name: 'after',
      cluster: 'restored',
    });
    const report = await runDrill(context, { repository, name: 'after', program, stateDir });
    expect(report.checks.find(({ check }) => check === 'keys')).toMatchObject({
      outcome: 'passed',
      detail: '29, as in the snapshot',
    });
    expect(report.outcome).toBe('passed');
  });

  test('of a snapshot with authentication asks what it may, and everything with a login', async () => {
    await saved({ auth: true });
    const outcomes = async (auth?: typeof credentials): Promise<Record<string, string>> => {
      const { outcome, checks } = await drill(auth && { auth });
      expect(outcome, JSON.stringify(checks)).toBe('passed');
      return Object.fromEntries(checks.map((each) => [each.check, each.outcome]));
    };
    const without = {
      members: 'skipped',
      revision: 'passed',
      probe: 'skipped',
      keys: 'passed',
      hashkv: 'passed',
    };
    expect(await outcomes()).toMatchObject(without);
    expect(await outcomes({ user: 'root', password: 'wrong' })).toMatchObject(without);
    expect(Object.values(await outcomes(credentials))).toEqual(Array(9).fill('passed'));
  });

  test.each([
    ['corrupt', async (path: string) => flip(path, 9_000), 'not-a-snapshot', /SHA-256/],
    ['truncated', async (path: string) => truncate(path, 8_192), 'snapshot-damaged', /8192 bytes/],
    ['missing', async (path: string) => rm(path), 'snapshot-damaged', /missing/],
  ])('of a %s snapshot fails with the reason', async (_, damage, code, reason) => {
    const { path } = await saved();
    await damage(path);
    const report = await drill();
    expect(report).toMatchObject({
      outcome: 'failed',
      failed: { check: 'restore', code, reason: expect.stringMatching(reason) as string },
      times: { totalMs: null },
    });
    await expectOnlyReports(1);
    expect((await listDrills(stateDir)).drills).toEqual([report]);
  });

  test('of a snapshot that etcd cannot start from fails with the words of etcd', async () => {
    const { path } = await saved();
    const image = (await readFile(path)).subarray(0, -32);
    const page = Math.floor(image.indexOf('pod 25 pod 25') / 4096) * 4096;
    image.fill(0, page, page + 4096);
    const content = Buffer.concat([image, createHash('sha256').update(image).digest()]);
    await storeSnapshot(repository, await repository.addCluster('other'), 'bad', content, {
      versions: { holdfast: '0.0.0', etcd: '3.6.0', storage: null },
    });
    const report = await runDrill(context, { repository, name: 'bad', program, stateDir });
    expect(report.failed).toMatchObject({ check: 'start', code: 'etcd-not-started' });
    expect(report.failed?.reason).toMatch(/^it ended with .*: panic: .*Page/);
  });

  test('without a program, or with one of another version, fails', async () => {
    await saved();
    const missing = await drill({ program: '/nowhere/etcd' });
    expect(missing.failed).toEqual({
      check: 'program',
      code: 'etcd-program-missing',
      reason: '/nowhere/etcd: there is no such program',
    });
    expect(missing.etcd).toBeNull();
    const text = join(folder, 'no-etcd');
    await writeFile(text, '#!/bin/sh\necho hello\n');
    await chmod(text, 0o755);
    expect((await drill({ program: text })).failed?.reason).toContain('does not say that it is an etcd');
    if (older.skip) return;
    expect((await drill({ program: older.binaries.etcd })).failed?.reason).toMatch(
      /is etcd 3\.5\.\d+, but the data is of etcd 3\.6/,
    );
    expect((await listDrills(stateDir)).drills).toHaveLength(3);
  });

  test('that is interrupted leaves nothing', async () => {
    await saved();
    const stop = new AbortController();
    const reason = new Failure('interrupted', 'Ctrl-C');
    // It waits only for the etcd that it has started.
    const clock = { ...systemClock, sleep: async () => stop.abort(reason) };
    const work = runDrill(
      { ...context, clock, signal: stop.signal },
      { repository, name: 'nightly', program, stateDir },
    );
    await expect(work).rejects.toBe(reason);
    await expectOnlyReports(0);
  });
});

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at]! ^= 1;
  await writeFile(path, bytes);
}
