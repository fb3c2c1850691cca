import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import type { Evidence, SnapshotManifest } from '@holdfast/model';
import { openRepository, type ClusterName, type Repository } from '@holdfast/repository';
import { evidenceOf, storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { repositoryStatus, type ClusterStatus } from './status.ts';

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.1.0' };
const content = Buffer.alloc(1000);

let folder: string;
let repository: Repository;
let prod: ClusterName;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-status-'));
  repository = await openRepository(folder, { create: true });
  prod = await repository.addCluster('prod');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function store(
  name: string,
  hour: number,
  outcome?: Evidence['outcome'],
  quorum?: SnapshotManifest['quorum'],
): Promise<void> {
  const at = `2026-11-20T1${hour}:00:00.000Z`;
  await storeSnapshot(repository, prod, name, content, {
    times: { startedAt: at, finishedAt: at },
    ...(quorum && { quorum }),
  });
  if (outcome !== undefined) {
    await repository.addEvidence({ name, cluster: prod }, evidenceOf(name, at, outcome));
  }
}

async function status(): Promise<ClusterStatus> {
  const [first] = await repositoryStatus(context, repository, 'prod');
  return first!;
}

test('an empty cluster has nothing to come back to', async () => {
  expect(await status()).toMatchObject({
    cluster: { name: 'prod' },
    state: 'none',
    reasons: ['there is no snapshot'],
    newest: null,
    newestVerified: null,
    counts: { stored: 0, verified: 0, damaged: 0 },
    bytes: 0,
  });
});

test('all is well when the newest snapshot is verified, whatever older ones are', async () => {
  await store('a', 1, 'failed');
  await store('b', 2);
  await store('c', 3, 'passed');
  expect(await status()).toMatchObject({
    state: 'ok',
    reasons: [],
    newest: { name: 'c' },
    newestVerified: { name: 'c' },
    counts: { stored: 1, verified: 1, damaged: 1 },
    bytes: 3000,
  });
});

test.each<[string, Evidence['outcome'] | undefined, SnapshotManifest['quorum'] | undefined, string]>([
  ['not verified', undefined, undefined, 'the newest snapshot, b, is not verified'],
  ['not verified in full', 'incomplete', undefined, 'the newest snapshot, b, is not verified'],
  ['damaged', 'failed', undefined, 'the newest snapshot, b, is damaged'],
  [
    'degraded',
    'passed',
    { state: 'degraded', reasons: ['no quorum'] },
    'the newest snapshot, b, is degraded: no quorum',
  ],
])('a newest snapshot that is %s needs attention', async (_, outcome, quorum, reason) => {
  await store('a', 1, 'passed');
  await store('b', 2, outcome, quorum);
  expect(await status()).toMatchObject({
    state: 'attention',
    reasons: [reason],
    newest: { name: 'b' },
    newestVerified: { name: 'a' },
  });
});

test('nothing verified, a truncated file, an unreadable record and a leftover are all told', async () => {
  await store('a', 1);
  await store('b', 2);
  const { path } = await repository.snapshot('a');
  truncateSync((await repository.snapshot('b')).path, 10);
  writeFileSync(join(path, '../manifest.json'), '');
  const writer = await repository.stageSnapshot(prod.id, 'c', { unique: false });
  const found = await status();
  await writer.discard();
  expect(found).toMatchObject({
    state: 'attention',
    reasons: [
      'no snapshot is verified',
      'the newest snapshot, b, is damaged',
      `${join(path, '../manifest.json')}: it is not JSON`,
    ],
    unfinished: [{ name: 'c', busy: true }],
    damaged: [{ name: 'a' }],
  });
});

test('every cluster is there, also one whose record is lost', async () => {
  await repository.addCluster('dev');
  await store('a', 1, 'passed');
  rmSync(join(folder, 'clusters', prod.id, 'cluster.json'));
  const found = await repositoryStatus(context, repository);
  expect(found.map(({ cluster, state }) => `${cluster.name} ${state}`)).toEqual(['dev none', 'prod ok']);
});
