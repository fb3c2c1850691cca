import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, formatHex64 } from '@holdfast/base';
import { openFileSource } from '@holdfast/etcd/bolt';
import { newCluster } from '@holdfast/etcd/datadir';
import { readPosition } from '@holdfast/etcd/snapshot';
import { RestorePlan, restoreIdPattern } from '@holdfast/model';
import { afterEach, describe, expect, test } from 'vitest';
import { planHash, planRestore, readPlan, triageCluster, type PlanRequest } from './index.ts';
import {
  alive,
  context,
  etcdId,
  lost,
  off,
  sample,
  stopped,
  three,
  World,
  type Scene,
} from './test-world.ts';

const worlds: World[] = [];
afterEach(async () => {
  for (const { folder } of worlds.splice(0)) await rm(folder, { recursive: true });
});

async function worldOf(scenes: Record<string, Scene>): Promise<World> {
  const world = await World.of(scenes);
  worlds.push(world);
  return world;
}

async function refusal(world: World, request: Partial<PlanRequest> = {}): Promise<Failure> {
  const error = await planRestore(context, world.request(request)).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

describe('no restore is planned', () => {
  test('where the cluster is well', async () => {
    const world = await worldOf(three(alive, alive, alive));
    const repository = await world.repository({ nightly: {} });
    const failure = await refusal(world, { repository });
    expect(failure).toMatchObject({
      code: 'restore-unneeded',
      why: 'm1, m2 and m3 are in a quorum, so nothing of etcd is lost; instead, put back the objects that are missed: kubectl apply -f OBJECTS',
      details: { cluster: 'prod', verdict: 'healthy', better: 'objects' },
    });
    expect(await triageCluster(context, world.request({ repository }))).toMatchObject({ verdict: 'healthy' });
    expect(await refusal(world, { repository, way: 'replace' })).toMatchObject({ code: 'restore-unneeded' });
  });

  test('where a member is to be replaced, or started', async () => {
    expect(await refusal(await worldOf(three(alive, alive, lost)))).toMatchObject({
      code: 'restore-unneeded',
      why: expect.stringMatching(/instead, replace m3 \(--way replace\)$/) as string,
    });
    expect(await refusal(await worldOf(three(alive, alive, off())))).toMatchObject({
      why: expect.stringMatching(
        /instead, start what is stopped: systemctl start etcd.service \(on m3\)$/,
      ) as string,
    });
    expect(await refusal(await worldOf(three(off(), off(), lost)))).toMatchObject({
      code: 'restore-unneeded',
      details: { verdict: 'stopped', better: 'start' },
    });
  });

  test('where there is nothing to restore from, and why not is said', async () => {
    const world = await worldOf(three(lost, lost, { sight: new Failure('node-failed', 'no route to host') }));
    expect(await refusal(world)).toMatchObject({
      code: 'restore-impossible',
      why: expect.stringMatching(/: no repository is named$/) as string,
    });
    const repository = await world.repository({
      nightly: { quorum: { state: 'degraded', reasons: ['alone'] } },
    });
    expect((await refusal(world, { repository })).why).toMatch(/holds no proven one: nightly is degraded$/);
    expect(await refusal(world, { repository, way: 'salvage' })).toMatchObject({
      code: 'restore-impossible',
    });
    expect(await refusal(world, { repository, way: 'replace' })).toMatchObject({
      code: 'restore-impossible',
    });
  });

  test('where etcd answers and cannot be asked, unless a person has decided', async () => {
    const guarded: Scene = { sight: { ...stopped, running: true }, answers: { refuses: 'etcd-auth' } };
    const world = await worldOf(three(guarded, guarded, guarded));
    expect(await refusal(world)).toMatchObject({ code: 'etcd-auth' });
    const repository = await world.repository({ nightly: {} });
    const plan = await planRestore(context, world.request({ repository, way: 'snapshot' }));
    for (const { sight } of plan.members) expect(sight).toMatchObject({ running: true, answers: false });
  });

  test.each([
    ['snapshot and file', { snapshot: 'a', file: '/b' }],
    ['a snapshot without a repository', { snapshot: 'a' }],
    ['somebody to be replaced in another way', { way: 'salvage', replace: ['m1'] }],
    ['a survivor and a way without one', { survivor: 'm1', way: 'snapshot' }],
    ['a snapshot to be salvaged', { file: '/b', way: 'salvage' }],
    ['a member that is not described', { way: 'salvage', members: ['m1', 'm9'] }],
    ['a survivor that is not described', { way: 'salvage', survivor: 'm9' }],
    ['nobody', { way: 'salvage', members: [] }],
    ['a seed outside of the new cluster', { way: 'salvage', members: ['m1'], seed: 'm2' }],
    ['a seed without its strategy', { way: 'salvage', strategy: 'all', seed: 'm2' }],
    ['an empty token', { way: 'salvage', token: ' ' }],
    ['a bump by nothing', { way: 'salvage', bump: { by: 0, markCompacted: true } }],
    [
      'a word for a member that can be seen',
      { way: 'salvage', attest: [{ member: 'm2', reason: 'scrapped' }] },
    ],
    ['a word for a stranger', { way: 'salvage', attest: [{ member: 'm9', reason: 'scrapped' }] }],
    [
      'a member that is vouched to be off',
      { way: 'salvage', members: ['m3'], attest: [{ member: 'm3', reason: 'scrapped' }] },
    ],
  ] as [string, Partial<PlanRequest>][])('for %s', async (_, request) => {
    const world = await worldOf(three(off(), lost, {}));
    expect(await refusal(world, request)).toMatchObject({ code: 'usage' });
  });
});

describe('from a snapshot', () => {
  test('the newest verified one is taken, and all of it can be told before', async () => {
    const world = await worldOf(three(lost, lost, lost));
    const repository = await world.repository({ older: {}, newer: { revision: 50 } });
    const plan = await planRestore(context, world.request({ repository }));
    expect(RestorePlan.parse(plan)).toEqual(plan);
    expect(plan).toMatchObject({
      createdAt: '2026-11-20T12:00:00.000Z',
      cluster: { name: 'prod', oldId: etcdId },
      way: 'snapshot',
      strategy: 'all',
      seed: null,
      source: { label: 'newer', size: sample.length, revision: 50, takenAt: '2026-11-20T01:00:00.000Z' },
      bump: { by: 1_000_000_000, markCompacted: true },
      expected: { revision: 1_000_000_050 },
      loss: { revisions: null, since: '2026-11-20T01:00:00.000Z', objects: null },
      by: 'root@bastion',
    });
    expect(plan.id).toMatch(restoreIdPattern);
    expect(plan.id).toMatch(/^r-20261120t120000z-/);
    const born = newCluster(world.description.members, plan.token ?? '');
    expect(plan.expected.clusterId).toBe(formatHex64(born.id));
    expect(plan.estimateMs).toBe(plan.steps.reduce((sum, step) => sum + step.estimateMs, 0));
    expect(plan.checks.map(({ id }) => id)).toContain('P1');
    const again = await planRestore(context, world.request({ repository }));
    expect(again.token).not.toBe(plan.token);
    expect(again.id).not.toBe(plan.id);
  });

  test('what is named is taken, of whatever cluster', async () => {
    const world = await worldOf(three(lost, lost, lost));
    const repository = await world.repository({ mine: {} }, 'other');
    await world.repository({ theirs: {} }, 'third');
    expect(await refusal(world, { repository })).toMatchObject({ code: 'cluster-ambiguous' });
    const named = await planRestore(context, world.request({ repository, snapshot: 'theirs', clone: true }));
    expect(named.source).toMatchObject({ label: 'theirs' });
    const chosen = await planRestore(context, world.request({ repository, repositoryCluster: 'other' }));
    expect(chosen.source).toMatchObject({ label: 'mine' });
    const file = join(world.folder, 'file.db');
    await writeFile(file, sample);
    const plan = await planRestore(context, world.request({ file }));
    const sha256 = createHash('sha256').update(sample).digest('hex');
    expect(plan.source).toEqual({
      kind: 'snapshot',
      label: file,
      path: file,
      sha256,
      size: sample.length,
      revision: 61,
      takenAt: null,
    });
  });

  test('the cluster in the repository is found by what the members are', async () => {
    const world = await worldOf(three(off({ revision: 10 }), lost, lost));
    const repository = await world.repository({ mine: {} }, 'one');
    await world.repository(
      {
        theirs: {
          cluster: {
            id: (await repository.addCluster('two')).id,
            name: 'two',
            etcdId: 'beef',
            kubernetesUid: null,
          },
        },
      },
      'two',
    );
    const plan = await planRestore(context, world.request({ repository }));
    expect(plan.source).toMatchObject({ label: 'mine' });
  });

  test('a damaged one is refused', async () => {
    const world = await worldOf(three(lost, lost, lost));
    const repository = await world.repository({ nightly: {} });
    await writeFile((await repository.snapshot('nightly')).path, 'short');
    expect(await refusal(world, { repository, snapshot: 'nightly' })).toMatchObject({
      code: 'snapshot-damaged',
    });
  });

  test('a bump goes beyond every revision that was ever seen, or is what is asked for', async () => {
    const world = await worldOf(three(off({ revision: 2_000_000_000, committedIndex: 9 }), lost, lost));
    const repository = await world.repository({ nightly: {} });
    const by = async (request: Partial<PlanRequest>): Promise<RestorePlan['bump']> =>
      (await planRestore(context, world.request({ repository, way: 'snapshot', ...request }))).bump;
    expect(await by({})).toEqual({ by: 2_400_000_000, markCompacted: true });
    // Clients may have seen what was undone since.
    world.become(three(off({ undoneRevision: 3_000_000_000 }), lost, lost));
    expect(await by({})).toMatchObject({ by: 3_600_000_000 });
    expect(await by({ bump: null })).toBeNull();
    expect(await by({ bump: { by: 7, markCompacted: false } })).toEqual({ by: 7, markCompacted: false });
  });

  test('the token of the old cluster is refused, for it would make the old cluster', async () => {
    const world = await worldOf(three(off(), lost, lost));
    const clusterId = formatHex64(newCluster(world.description.members, 'etcd-cluster').id);
    const same = await worldOf(three(off({ clusterId }), lost, lost));
    expect(await refusal(same, { token: 'etcd-cluster' })).toMatchObject({ code: 'restore-plan-invalid' });
  });
});

describe('what is lost', () => {
  test('is counted in the database of the best survivor', async () => {
    const appliedIndex = await sampleIndex();
    const world = await worldOf(three(off({ appliedIndex }), lost, lost));
    await world.placeDb('m1');
    const repository = await world.repository({ nightly: { revision: 50 } });
    const { loss } = await planRestore(context, world.request({ repository, way: 'snapshot' }));
    expect(loss).toMatchObject({ revisions: 11, since: '2026-11-20T00:00:00.000Z' });
    const { created, changed, deleted, examples } = loss.objects ?? {
      created: 0,
      changed: 0,
      deleted: 0,
      examples: [],
    };
    expect(created + changed + deleted).toBeGreaterThan(0);
    expect(examples.length).toBeGreaterThan(0);
    expect(loss.why).toMatch(/^compared with the database of m1/);

    const advised = await planRestore(context, world.request({ repository }));
    expect(advised.way).toBe('salvage');
    expect(advised.otherWays).toEqual([
      { way: 'snapshot', of: 'nightly', why: expect.any(String) as string, revision: 50, loss },
    ]);
  });

  test.each([
    ['on another machine', off({ appliedIndex: 1 }), 11, /on another machine/],
    ['out of sight', off({ appliedIndex: 1 }), 11, /cannot be read from here/],
    ['of a member that serves', { ...alive, answers: { linearizable: true } }, 40, /m1 serves/],
    [
      'of another cluster',
      off({ clusterId: 'beef' }),
      null,
      /of another; their revisions cannot be compared/,
    ],
  ] as const)('is not counted in data %s', async (where, m1, revisions, why) => {
    const world = await worldOf(three(m1, lost, lost));
    if (where !== 'out of sight') await world.placeDb('m1');
    const repository = await world.repository({ nightly: { revision: 50 } });
    const { loss } = await planRestore(context, world.request({ repository, way: 'snapshot' }));
    expect(loss).toMatchObject({ revisions, objects: null, why: expect.stringMatching(why) as string });
  });

  test('is what a survivor has not seen', async () => {
    const written = '2026-11-20T11:00:00.000Z';
    const world = await worldOf({
      m1: off({ writtenAt: written, committedIndex: 99, lastIndex: 99 }),
      m2: off({ revision: 80, term: 3, writtenAt: written }),
      m3: lost,
      m4: lost,
      m5: lost,
    });
    const best = await planRestore(context, world.request());
    expect(best).toMatchObject({
      way: 'salvage',
      source: { kind: 'salvage', member: 'm2', revision: 80, size: 20_000 },
      expected: { revision: null },
      loss: { revisions: null, since: written, why: expect.stringContaining('cannot be told') as string },
    });
    const worse = await planRestore(
      context,
      world.request({ survivor: 'm1', repository: await world.repository({}) }),
    );
    expect(worse).toMatchObject({ source: { member: 'm1' }, loss: { revisions: 19, since: written } });
    expect(await refusal(world, { survivor: 'm3', way: 'salvage' })).toMatchObject({
      code: 'restore-impossible',
      why: 'the data of m3 is absent',
    });
  });
});

describe('a plan that is read back', () => {
  test('is the one that was made, or refused', async () => {
    const world = await worldOf(three(off(), lost, lost));
    const plan = await planRestore(context, world.request({ skips: [{ check: 'P11', reason: 'a test' }] }));
    expect(plan.hash).toBe(planHash(plan));
    expect(readPlan(JSON.stringify(plan, null, 2))).toEqual(plan);
    const reordered = Object.fromEntries(Object.entries(plan).toReversed());
    expect(readPlan(JSON.stringify(reordered))).toEqual(plan);
    for (const changed of [
      { ...plan, token: 'etcd-cluster' },
      { ...plan, skips: [] },
      { ...plan, hash: '0'.repeat(64) },
      { ...plan, way: 'other' },
      [],
    ]) {
      expect(() => readPlan(JSON.stringify(changed))).toThrow(
        expect.objectContaining({ code: 'restore-refused' }) as Error,
      );
    }
    expect(() => readPlan(JSON.stringify(plan).slice(0, -9))).toThrow(/check before the restore of cluster/);
  });
});

/** The entry that the sample has applied last. */
async function sampleIndex(): Promise<number> {
  const world = await worldOf({ m1: {} });
  using source = openFileSource(await world.placeDb('m1'));
  return (await readPosition(source)).consistentIndex;
}
