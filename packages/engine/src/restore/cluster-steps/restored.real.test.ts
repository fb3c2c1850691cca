import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import type { RestorePlan, StepKind } from '@holdfast/model';
import { openRepository } from '@holdfast/repository';
import {
  etcdOrSkip,
  planCluster,
  startCluster,
  startPlanned,
  type ClusterPlan,
  type EtcdCluster,
  type EtcdMinor,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VerbContext } from '../../context.ts';
import { memberOf, planOf, sightOf } from '../checks/test-plan.ts';
import { restoreDatadir } from '../restore-datadir.ts';
import { performClusterStep, type ClusterStepOrder } from './index.ts';

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.0.0' };

/** Two snapshots of the same revision whose contents differ. */
async function twoSnapshots(version: EtcdMinor, folder: string): Promise<string[]> {
  await using cluster = await startCluster({ version });
  const files = [join(folder, 'a.db'), join(folder, 'b.db')];
  for (let i = 0; i < 5; i++) await cluster.gateway().put('key', `${i}`);
  await cluster.snapshotSave(files[0]!);
  await using other = await startCluster({ version });
  for (let i = 0; i < 5; i++) await other.gateway().put('key', `other ${i}`);
  await other.snapshotSave(files[1]!);
  return files;
}

/** Builds each member from its file and starts them all; tells the id of the new cluster. */
async function restore(plan: ClusterPlan, files: readonly string[]): Promise<[EtcdCluster, string]> {
  let id = '';
  for (const [i, { name, dataDir, peerUrl }] of plan.members.entries()) {
    const source = { file: files[i] ?? files[0]!, label: 'test' };
    const { initialCluster, token } = plan;
    const peerUrls = [peerUrl];
    id = (await restoreDatadir(context, { source, dataDir, name, initialCluster, peerUrls, token })).cluster
      .id;
  }
  return [await startPlanned(plan, { restored: true }), id];
}

function orderOf(
  cluster: EtcdCluster,
  clusterId: string,
  changes: Partial<RestorePlan> = {},
): (kind: StepKind) => ClusterStepOrder {
  const members = cluster.plan.members.map(({ name, peerUrl, clientUrl, dataDir }) =>
    memberOf(name, 1, { peerUrls: [peerUrl], clientUrls: [clientUrl], dataDir }),
  );
  const plan = planOf({ members, expected: { clusterId, revision: 1_000_000_006 }, ...changes });
  return (kind) => ({
    plan,
    kind,
    member: undefined,
    found: () => undefined,
    nodes: () => ({
      observe: async (member) => sightOf({ dataFault: member.name }),
      compare: unasked,
      perform: unasked,
      undo: unasked,
      observeComponent: unasked,
      performComponent: unasked,
      undoComponent: unasked,
      salvaged: unasked,
      release: unasked,
    }),
    connect: (endpoints) => connectEtcd({ endpoints, clock: systemClock }),
    endOfStep: AbortSignal.timeout(20_000),
  });
}

function unasked(): never {
  throw new Error('no step of the cluster asks this of a node');
}

// What 3.4 hashes at a compacted revision is another thing than what 3.6 does.
describe.each(['3.4', '3.6'] as const)('a restored cluster of etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);

  let folder: string;
  let files: string[];
  let cluster: EtcdCluster;
  let id: string;

  beforeAll(async () => {
    if (skip) return;
    folder = await mkdtemp(join(tmpdir(), 'holdfast-agree-'));
    files = await twoSnapshots(version, folder);
    const plan = await planCluster({ version, members: 3, dir: join(folder, 'cluster') });
    [cluster, id] = await restore(plan, files.slice(0, 1));
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    if (!skip) await rm(folder, { recursive: true });
  });

  test.skipIf(skip)('agrees with its plan, before anything is written', async () => {
    const { checks } = await performClusterStep(context, orderOf(cluster, id)('agree'));
    expect(checks).toMatchObject([
      { id: 'Q1', outcome: 'passed', evidence: { clusterId: id, revision: 1_000_000_006 } },
    ]);
  });

  test.skipIf(skip).each([
    ['another cluster id', { expected: { clusterId: 'abc', revision: null } }, 'should be in abc'],
    ['a revision that is not reached', { expected: { clusterId: null, revision: 2e9 } }, 'should be at'],
  ])('%s is refused', async (_, changes, why) => {
    await expect(performClusterStep(context, orderOf(cluster, id, changes)('agree'))).rejects.toMatchObject({
      code: 'node-failed',
      why: expect.stringContaining(why) as string,
    });
  });

  test.skipIf(skip)('the old cluster id, and members that do not come, are refused', async () => {
    const old = orderOf(cluster, id, {
      expected: { clusterId: null, revision: null },
      cluster: { name: 'prod', oldId: id },
    });
    await expect(performClusterStep(context, old('agree'))).rejects.toMatchObject({
      why: expect.stringContaining('still in the old cluster') as string,
    });
    const order = orderOf(cluster, id)('agree');
    const renamed = order.plan.members.map((each) => ({ ...each, name: `new-${each.name}` }));
    const late = {
      ...order,
      plan: { ...order.plan, members: renamed },
      endOfStep: AbortSignal.timeout(1_000),
    };
    await expect(performClusterStep(context, late)).rejects.toMatchObject({
      code: 'node-failed',
      why: expect.stringContaining('does not list') as string,
    });
  });

  test.skipIf(skip)(
    'works through every member, tells watchers of before, and keeps no key of the probe',
    async () => {
      const { checks } = await performClusterStep(context, orderOf(cluster, id)('probe'));
      expect(checks).toMatchObject([{ id: 'Q2', outcome: 'passed' }]);
      expect((await cluster.gateway().rangeAll()).keyValues).toHaveLength(1);
      // Something is written now, so that the pinned revision is not the compacted one.
      expect((await performClusterStep(context, orderOf(cluster, id)('agree')))['checks']).toMatchObject([
        { outcome: 'passed' },
      ]);
    },
  );

  test.skipIf(skip)(
    'a watcher who would miss the restore is a failure, and known where nothing was bumped',
    async () => {
      const loss = { revisions: 2_000_000_000, since: null, objects: null, why: '' };
      await expect(
        performClusterStep(context, orderOf(cluster, id, { loss })('probe')),
      ).rejects.toMatchObject({
        code: 'node-failed',
        why: expect.stringContaining('would miss the restore') as string,
      });
      const unbumped = await performClusterStep(context, orderOf(cluster, id, { loss, bump: null })('probe'));
      expect(unbumped['checks']).toMatchObject([{ id: 'Q2', outcome: 'warned' }]);
      expect((await cluster.gateway().rangeAll()).keyValues).toHaveLength(1);
    },
  );

  test.skipIf(skip)('is saved before and after, once', async () => {
    const repository = await openRepository(join(folder, 'repository'), { create: true });
    const order = orderOf(cluster, id);
    const guarded = await performClusterStep(context, { ...order('guard'), repository });
    expect(guarded).toMatchObject({ name: `pre-restore-${planOf().id}`, state: 'verified' });
    expect(await performClusterStep(context, { ...order('guard'), repository })).toEqual(guarded);
    const saved = await performClusterStep(context, { ...order('save'), repository });
    expect(saved).toMatchObject({ name: `post-restore-${planOf().id}`, checks: [{ outcome: 'passed' }] });
    const { snapshots } = await repository.snapshots('prod');
    expect(snapshots).toHaveLength(2);
    expect(await performClusterStep(context, order('save'))).toMatchObject({
      skipped: 'there is no repository to save to',
    });
  });

  test.skipIf(skip)(
    'an alarm that was there before is told, and that nothing can be written under it',
    async () => {
      const alarm = { alarm: 'NOSPACE', memberID: '4711' };
      await cluster.gateway().post('/v3/maintenance/alarm', { action: 'ACTIVATE', ...alarm });
      const agreed = await performClusterStep(context, orderOf(cluster, id)('agree'));
      expect(agreed['checks']).toMatchObject([
        { outcome: 'warned', detail: expect.stringContaining('NOSPACE of member 1267') as string },
      ]);
      const probed = await performClusterStep(context, orderOf(cluster, id)('probe'));
      expect(probed['checks']).toMatchObject([
        { outcome: 'warned', detail: expect.stringContaining('space exceeded') as string },
      ]);
      await cluster.gateway().post('/v3/maintenance/alarm', { action: 'DEACTIVATE', ...alarm });
    },
  );

  test.skipIf(skip)('members that were built from different files are found out', async () => {
    const plan = await planCluster({ version, members: 2, dir: join(folder, 'mixed') });
    const [mixed, mixedId] = await restore(plan, files);
    await using _ = mixed;
    await expect(performClusterStep(context, orderOf(mixed, mixedId)('agree'))).rejects.toMatchObject({
      code: 'node-failed',
      why: expect.stringContaining('different content') as string,
    });
  });
});
