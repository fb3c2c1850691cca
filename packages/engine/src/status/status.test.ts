import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Failure, systemClock } from '@holdfast/base';
import type { Evidence, QueuedCopy, SnapshotManifest } from '@holdfast/model';
import { openRepository, type ClusterName, type Repository } from '@holdfast/repository';
import { evidenceOf, storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { repositoryStatus, type ClusterStatus, type StatusSource } from './status.ts';

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
    await repository.addEvidence({ name, cluster: prod }, evidenceOf(name, at, outcome, content));
  }
}

const here = (): StatusSource => ({ name: 'here', required: true, repository });

async function status(): Promise<ClusterStatus> {
  const [first] = await repositoryStatus(context, { sources: [here()], cluster: 'prod' });
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
  const manifest = join(
    dirname(path),
    readdirSync(dirname(path)).find((each) => each.startsWith('manifest'))!,
  );
  writeFileSync(manifest, '');
  const writer = await repository.stageSnapshot(prod.id, 'c', { unique: false });
  const found = await status();
  await writer.discard();
  expect(found).toMatchObject({
    state: 'attention',
    reasons: [
      'no snapshot is verified',
      'the newest snapshot, b, is damaged',
      `${manifest}: its bytes are not those that were committed`,
    ],
    unfinished: [{ name: 'c', busy: true }],
    damaged: [{ name: 'a' }],
  });
});

test('every cluster is there, also one whose record is lost', async () => {
  await repository.addCluster('dev');
  await store('a', 1, 'passed');
  rmSync(join(folder, 'clusters', prod.id, 'cluster.json'));
  const found = await repositoryStatus(context, { sources: [here()] });
  expect(found.map(({ cluster, state }) => `${cluster.name} ${state}`)).toEqual(['dev none', 'prod ok']);
});

describe('of two repositories', () => {
  let second: Repository;
  beforeEach(async () => {
    second = await openRepository(join(folder, 'second'), { create: true });
    await store('a', 1, 'passed');
  });

  async function both(there: Partial<StatusSource> = {}, queue: QueuedCopy[] = []): Promise<ClusterStatus> {
    const sources = [here(), { name: 'there', required: true, repository: second, ...there }];
    return (await repositoryStatus(context, { sources, queue }))[0]!;
  }

  test('it is only well where the newest is in all that have to have it, whatever it is called there', async () => {
    expect(await both()).toMatchObject({
      state: 'attention',
      reasons: ['the newest snapshot, a, is stored in 1 of 2 repositories (there: it is not there)'],
      copies: { wanted: 2, stored: 1 },
    });
    expect(await both({ required: false })).toMatchObject({ state: 'ok', copies: { wanted: 2, stored: 1 } });
    const at = '2026-11-20T11:00:00.000Z';
    const times = { startedAt: at, finishedAt: at };
    await storeSnapshot(second, await second.addCluster('prod'), 'a.2', content, { times });
    expect(await both()).toMatchObject({
      state: 'ok',
      copies: { wanted: 2, stored: 2 },
      counts: { verified: 1, stored: 1 },
    });
  });

  test('one that cannot be read is a reason, and hides nothing of the other', async () => {
    const down = new Failure('s3-unreachable', 'no such host', { endpoint: 'there' });
    expect(await both({ repository: down })).toMatchObject({
      state: 'attention',
      reasons: ['the newest snapshot, a, is stored in 1 of 2 repositories (there: no such host)'],
      newestVerified: { name: 'a' },
    });
    const none = repositoryStatus(context, {
      sources: [{ name: 'there', required: true, repository: down }],
    });
    await expect(none).rejects.toBe(down);
  });

  test('what waits is a reason, with its age', async () => {
    const item: QueuedCopy = {
      apiVersion: 'holdfast.dev/v1',
      kind: 'QueuedCopy',
      id: '0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a001',
      cluster: 'prod',
      snapshot: 'a',
      save: '0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a002',
      from: [{ repository: 'here', id: repository.record.id, cluster: prod.id, snapshot: 'a' }],
      to: 'there',
      toId: null,
      toAt: null,
      required: false,
      drop: [],
      createdAt: '2026-11-20T11:00:00.000Z',
      attempts: 1,
      nextAt: '2026-11-20T12:00:00.000Z',
      failure: null,
    };
    expect(await both({ required: false }, [item])).toMatchObject({
      state: 'attention',
      reasons: ['a copy waits in the queue, since 2026-11-20T11:00:00.000Z'],
      waiting: { count: 1, oldestAt: '2026-11-20T11:00:00.000Z' },
    });
  });
});

test('a record of the queue that cannot be read is a reason: nobody knows whose it is', async () => {
  await store('a', 1, 'passed');
  const failure = new Failure('queue-damaged', 'it is no record', { path: '/queue/x.json', id: 'x' });
  const unreadable = [{ path: '/queue/x.json', failure }];
  const [found] = await repositoryStatus(context, { sources: [here()], unreadable });
  expect(found).toMatchObject({
    state: 'attention',
    reasons: ['a copy may wait in the queue: /queue/x.json: it is no record'],
  });
});

test('a newest snapshot that nobody vouches for is a reason, and is not what one comes back to', async () => {
  await store('a', 1, 'passed');
  const wary = await openRepository(folder, { create: false, keys: { require: 'signed' } });
  const [found] = await repositoryStatus(context, {
    sources: [{ name: 'here', required: true, repository: wary }],
  });
  expect(found).toMatchObject({
    state: 'attention',
    reasons: [
      'no snapshot is verified',
      'the newest snapshot, a, is not trusted: it has no signature',
      'the newest snapshot, a, is not verified',
    ],
    newestVerified: null,
  });
});
