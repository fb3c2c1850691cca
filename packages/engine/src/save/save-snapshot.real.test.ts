import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure, systemClock, type Clock } from '@holdfast/base';
import { connectEtcd, type EtcdClient } from '@holdfast/etcd/client';
import { openRepository, type Repository } from '@holdfast/repository';
import { etcdMinors, etcdOrSkip, startCluster, type EtcdCluster } from '@holdfast/test-servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import type { SaveOptions } from './save-options.ts';
import { saveSnapshot } from './save-snapshot.ts';

let folder: string;
let repository: Repository;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-save-'));
  repository = await openRepository(join(folder, 'repository'), { create: true });
});
afterEach(async () => rm(folder, { recursive: true }));

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.0.0' };

async function clientOf(cluster: EtcdCluster, endpoints = cluster.endpoints): Promise<EtcdClient> {
  const { tls, auth } = cluster;
  return connectEtcd({
    endpoints,
    clock: systemClock,
    ...(auth && { auth }),
    ...(tls && {
      tls: { ca: await readFile(tls.cacert), cert: await readFile(tls.cert), key: await readFile(tls.key) },
    }),
  });
}

async function save(
  client: EtcdClient,
  options: Partial<SaveOptions> = {},
  overrides: Partial<VerbContext> = {},
) {
  const destinations = [{ name: 'here', repository, required: true }];
  return (await saveSnapshot({ ...context, ...overrides }, { client, destinations, ...options })).snapshot;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
  return 'none';
}

/** Nothing is listed, nothing unfinished is left, and no file is in the way of the next. */
async function expectNothingLeft(): Promise<void> {
  const { snapshots, unfinished, damaged } = await repository.snapshots();
  expect({ snapshots, unfinished, damaged }).toEqual({ snapshots: [], unfinished: [], damaged: [] });
  const files = await readdir(repository.location, { recursive: true });
  expect(files.filter((each) => each.includes('snapshot.db') || each.includes('.staging/'))).toEqual([]);
}

describe.each(etcdMinors)('etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);

  test.skipIf(skip)('three members with TLS and a login: saved from a follower, and proven', async () => {
    await using cluster = await startCluster({ version, members: 3, tls: true, auth: true });
    for (let i = 0; i < 20; i++) await cluster.gateway().put(`/registry/pods/${i}`, `pod ${i}`);
    await using client = await clientOf(cluster);
    const phases = new Set<string>();
    const snapshot = await save(client, {}, { onProgress: ({ phase }) => phases.add(phase) });
    expect(snapshot.state).toBe('verified');
    expect([...phases]).toEqual(['stream', 'verify']);
    const { manifest } = snapshot;
    const [, second] = await Promise.all([cluster.leaderIndex(), cluster.gateway().status()]);
    expect(manifest.member.role).toBe('follower');
    expect(manifest.member.why).toMatch(
      /^a follower at applied index \d+, the furthest of 3 healthy members$/,
    );
    expect(manifest.name).toMatch(new RegExp(`^on-demand-${manifest.member.name}-\\d{10}$`));
    expect(manifest.cluster).toMatchObject({ etcdId: second.clusterId.toString(16) });
    expect(manifest.cluster.name).toBe(`etcd-${second.clusterId.toString(16).padStart(16, '0').slice(0, 8)}`);
    expect(manifest).toMatchObject({
      versions: { etcd: cluster.version },
      revision: second.revision,
      raft: { term: Number(second.raftTerm) },
      quorum: { state: 'healthy', reasons: [] },
      hashKv: { revision: second.revision, ...(await cluster.gateway().hashKv(second.revision)) },
      lineage: { writer: null, sequence: 1, previous: null },
    });
    // From 3.6 on it is written some seconds after the start.
    if (version < '3.6') expect(manifest.versions.storage).toBeNull();
    else expect(manifest.versions.storage ?? '3.5.0').toMatch(/^3\.\d\.0$/);
    // The index in the image is that of the last entry that wrote to it.
    expect(manifest.raft.index).toBeGreaterThanOrEqual(20);
    expect(manifest.raft.index).toBeLessThanOrEqual(Number(second.raftIndex));
  });

  test.skipIf(skip)(
    'a learner, an unknown member, a lost quorum and a corrupt member are refused',
    async () => {
      await using cluster = await startCluster({ version, members: 3, learner: true });
      await cluster.gateway().put('/a', '1');
      const all = cluster.members.map((each) => each.clientUrl);
      await using client = await clientOf(cluster, all);
      expect(await codeOf(save(client, { endpoint: all[3]! }))).toMatch(/^etcd-(unhealthy|no-quorum)$/);
      expect(await codeOf(save(client, { endpoint: 'http://127.0.0.1:1' }))).toBe('usage');
      await expectNothingLeft();
      const fromLearner = save(client, { endpoint: all[3]!, allowDegraded: true, name: 'learned' });
      if (version === '3.4') expect(await codeOf(fromLearner)).toBe('etcd-refused');
      else {
        const { manifest, state } = await fromLearner;
        expect(manifest).toMatchObject({
          member: { role: 'learner' },
          hashKv: null,
          quorum: { state: 'degraded' },
        });
        expect(manifest.hashKvMissing).toContain('not supported for learner');
        expect(state).toBe('stored');
      }

      const leader = await cluster.leaderIndex();
      const left = leader === 0 ? 1 : 0;
      for (const index of [0, 1, 2]) if (index !== left) await cluster.kill(index);
      expect(await codeOf(save(client))).toBe('etcd-no-quorum');
      const degraded = await save(client, { allowDegraded: true, name: 'degraded' });
      expect(degraded.manifest).toMatchObject({
        member: { endpoint: all[left] },
        quorum: { state: 'degraded' },
        lineage: { previous: version === '3.4' ? null : { name: 'learned' } },
      });
      expect(degraded.manifest.quorum.reasons.join()).toContain('could not answer a linearizable read');
      expect(degraded.state).toBe('verified');
      for (const index of [0, 1, 2]) if (index !== left) await cluster.start(index);
      await cluster.waitHealthy();

      const memberID = BigInt(`0x${degraded.manifest.member.id}`).toString();
      await cluster
        .gateway()
        .post('/v3/maintenance/alarm', { action: 'ACTIVATE', alarm: 'CORRUPT', memberID });
      expect(await codeOf(save(client, { endpoint: all[left]! }))).toBe('etcd-unhealthy');
      expect((await save(client)).manifest.member.endpoint).not.toBe(all[left]);
    },
  );
});

describe.skipIf((await etcdOrSkip('3.7')).skip)('three members of etcd 3.7', () => {
  test('a frozen member is left out, and refused when it alone will do', async () => {
    await using cluster = await startCluster({ version: '3.7', members: 3 });
    await using client = await clientOf(cluster);
    const leader = await cluster.leaderIndex();
    const [frozen = 0, running = 0] = [0, 1, 2].filter((index) => index !== leader);
    cluster.pause(frozen);
    const stat = `/proc/${cluster.members[frozen]!.pid}/stat`;
    await expect.poll(async () => await readFile(stat, 'utf8')).toMatch(/ T /);
    const { manifest } = await save(client);
    expect(manifest.member.endpoint).toBe(cluster.endpoints[running]);
    expect(manifest.member.why).toMatch(/the furthest of 2 healthy members$/);
    expect(await codeOf(save(client, { endpoint: cluster.endpoints[frozen]! }))).toBe('etcd-unreachable');
  });
});

describe.skipIf((await etcdOrSkip('3.6')).skip)('one etcd 3.6', () => {
  let cluster: EtcdCluster;
  let client: EtcdClient;
  beforeEach(async () => {
    cluster = await startCluster({ version: '3.6' });
    for (let i = 0; i < 40; i++) await cluster.gateway().put(`/a/${i}`, 'x'.repeat(100_000));
    client = await clientOf(cluster);
  });
  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  test('two saves in one second get two names; a name that is given is not taken twice', async () => {
    const frozen: Clock = { ...systemClock, now: () => new Date('2026-01-01T00:00:00Z') };
    const saved = await Promise.all(
      [0, 1].map(async () => await save(client, { verify: false }, { clock: frozen })),
    );
    expect(saved.map((each) => each.name).toSorted()).toEqual([
      'on-demand-m1-1767225600',
      'on-demand-m1-1767225600.2',
    ]);
    expect((await save(client, { name: 'mine', verify: false })).state).toBe('stored');
    const phases: string[] = [];
    const again = save(client, { name: 'mine' }, { onProgress: ({ phase }) => phases.push(phase) });
    expect(await codeOf(again)).toBe('snapshot-name-taken');
    expect(phases).toEqual([]);
    expect(await codeOf(save(client, { name: '../mine' }))).toBe('snapshot-name-invalid');
  });

  test('a cluster keeps its place in the repository, under the name that it is given', async () => {
    const named = await save(client, { cluster: 'production', verify: false });
    expect(named.cluster.name).toBe('production');
    expect((await save(client, { verify: false })).cluster).toEqual(named.cluster);
    expect((await save(client, { cluster: named.cluster.id, verify: false })).cluster).toEqual(named.cluster);
    expect(await codeOf(save(client, { cluster: 'a/b' }))).toBe('usage');
    await using other = await startCluster({ version: '3.6' });
    await using stranger = await clientOf(other);
    expect((await save(stranger, { verify: false })).cluster.name).toMatch(/^etcd-[0-9a-f]{8}$/);
    await using both = await clientOf(cluster, [...cluster.endpoints, ...other.endpoints]);
    expect(await codeOf(save(both))).toBe('usage');
  });

  test('a member at rest that is compacted up to its last revision is proven all the same', async () => {
    const { revision } = await cluster.gateway().put('/a/0', 'last');
    await cluster.gateway().compact(revision);
    const { manifest, state } = await save(client);
    expect(manifest.hashKv).toMatchObject({ revision, compactRevision: revision });
    expect(state).toBe('verified');
  });

  test('a compaction between stream and hash leaves it stored, with the reason', async () => {
    const early = client.hashKv.bind(client);
    client.hashKv = async (endpoint, at) => {
      await cluster.gateway().put('/a/0', 'later');
      await cluster.gateway().compact(at.revision + 1);
      return await early(endpoint, at);
    };
    const { manifest, state } = await save(client);
    expect(manifest.hashKv).toBeNull();
    expect(manifest.hashKvMissing).toContain('compacted');
    expect(state).toBe('stored');
  });

  test.each(['killed', 'aborted'] as const)(
    '%s in the middle of the stream, nothing is left',
    async (how) => {
      const controller = new AbortController();
      const reason = new Error('enough');
      let gone: Promise<void> | undefined;
      const onProgress = (): void => {
        if (how === 'aborted') controller.abort(reason);
        else gone ??= cluster.kill(0);
      };
      const saving = save(client, {}, { signal: controller.signal, onProgress });
      if (how === 'aborted') await expect(saving).rejects.toBe(reason);
      else expect(await codeOf(saving)).toBe('etcd-stream-broken');
      await gone;
      await expectNothingLeft();
    },
  );

  test('aborted while a frozen member is asked, it ends at once', async () => {
    cluster.pause(0);
    const controller = new AbortController();
    const reason = new Error('enough');
    const saving = save(client, {}, { signal: controller.signal });
    controller.abort(reason);
    await expect(saving).rejects.toBe(reason);
    await expectNothingLeft();
  });
});
