import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ClusterOptions,
  type ClusterPlan,
  type EtcdCluster,
  etcdMinors,
  etcdOrSkip,
  inTurn,
  planCluster,
  startCluster,
  startPlanned,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterState, type ClusterState, fillRichly, restoreByEtcd } from '../compare/index.ts';
import { answer } from '../product.ts';

/**
 * The compatibility matrix: save, verify, show, export and restore by Holdfast's command line, against the same by
 * etcd's own tools, on each version of etcd, each size of cluster, and each way of being secured.
 */
const sizes = [1, 3, 5];
const securings = ['plain', 'tls', 'auth'] as const;
const today = inTurn(
  etcdMinors.flatMap((version) =>
    securings.flatMap((securing) => sizes.map((members) => ({ version, securing, members }))),
  ),
  3,
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-matrix-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Shown {
  readonly state: string;
  readonly path: string;
  readonly revision: number;
  readonly status: {
    readonly hash: string;
    readonly revision: number;
    readonly totalKeys: number;
    readonly totalSize: number;
    readonly version?: string;
  };
}

describe.each([...new Set(today.map(({ version }) => version))])('etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);
  const cases = today.filter((each) => each.version === version);
  test.skipIf(skip).each(cases)(
    '$securing, $members members: saved, proven, and restored as etcd itself restores',
    async ({ securing, members }) => {
      const options: ClusterOptions = {
        version,
        members,
        tls: securing === 'tls',
        auth: securing === 'auth',
      };
      const repo = join(mkdtempSync(join(folder, 'case-')), 'repo');
      const exported = `${repo}.db`;
      const theirs = `${repo}.etcd.db`;
      await using cluster = await startCluster(options);
      await fillRichly(cluster);
      const original = await clusterState(cluster);
      const saved = await answer<{ state: string }>(
        'snapshot',
        'save',
        ...reach(cluster),
        '--repo',
        repo,
        '--name',
        's',
      );
      expect(saved.state).toBe('verified');
      await answer('snapshot', 'export', 's', '--repo', repo, '--to', exported);
      const shown = await answer<Shown>('snapshot', 'show', 's', '--repo', repo);
      expect(figuresOf(shown)).toEqual(await theirFigures(cluster, exported));
      await cluster.snapshotSave(theirs);
      await cluster.stopAll();

      const secured = { ...options, tls: cluster.tls ?? false, auth: cluster.auth ?? false };
      const byEtcd = await planCluster(secured);
      await restoreByEtcd(byEtcd, { snapshot: exported, bump: null });
      const expected = await stateOf(byEtcd);
      const again = { ...secured, token: byEtcd.token, ports: byEtcd.members.map(({ ports }) => ports) };
      const byHoldfast = await planCluster(again);
      await restoreByHoldfast(byHoldfast, ['--snapshot', 's', '--repo', repo, '--no-bump']);
      expect(await stateOf(byHoldfast)).toEqual(expected);
      expect(expected.keys).toEqual(original.keys);

      const fromTheirs = await planCluster(again);
      await restoreByHoldfast(fromTheirs, ['--file', theirs]);
      const bumped = await stateOf(fromTheirs);
      expect(bumped.revision).toBe(original.revision + 1_000_000_000);
      expect({ ...bumped, revision: 0, hashKv: 0 }).toEqual({ ...expected, revision: 0, hashKv: 0 });
    },
  );
});

function reach({ endpoints, tls, auth }: EtcdCluster): string[] {
  return [
    ...['--endpoints', endpoints.join(',')],
    ...(tls === undefined ? [] : ['--cacert', tls.cacert, '--cert', tls.cert, '--key', tls.key]),
    ...(auth === undefined ? [] : ['--user', auth.user, '--password-file', auth.passwordFile]),
  ];
}

function figuresOf({ status }: Shown): unknown {
  const { hash, revision, totalKeys, totalSize, version } = status;
  return {
    hash: Number.parseInt(hash, 16),
    revision,
    totalKey: totalKeys,
    totalSize,
    ...(version !== undefined && { version }),
  };
}

/** `snapshot status` of this version's own tool. */
async function theirFigures(cluster: EtcdCluster, file: string): Promise<unknown> {
  return await cluster.utlJson(['snapshot', 'status', file]);
}

async function restoreByHoldfast(plan: ClusterPlan, source: readonly string[]): Promise<void> {
  for (const { name, dataDir, peerUrl } of plan.members) {
    await answer(
      ...['restore', 'datadir', ...source, '--data-dir', dataDir, '--name', name],
      ...['--initial-cluster', plan.initialCluster, '--initial-cluster-token', plan.token],
      ...['--initial-advertise-peer-urls', peerUrl],
    );
  }
}

async function stateOf(plan: ClusterPlan): Promise<ClusterState> {
  await using cluster = await startPlanned(plan, { restored: true });
  return await clusterState(cluster);
}
