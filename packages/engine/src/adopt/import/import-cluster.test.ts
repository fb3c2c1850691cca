import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SnapshotManifest } from '@holdfast/model';
import { openRepository, type Repository } from '@holdfast/repository';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ForeignSnapshot } from '../foreign.ts';
import { importCluster } from './import-cluster.ts';

const uid = '6f6a1a6e-2d3c-4d6b-9d4e-0a1b2c3d4e5f';
const another = '7f6a1a6e-2d3c-4d6b-9d4e-0a1b2c3d4e5f';
const snapshot = { name: 'one', system: 'k3s', cluster: null } as ForeignSnapshot;

let folder: string;
let repository: Repository;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-import-cluster-'));
  repository = await openRepository(folder, { create: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const clusterOf = (kubernetesUid: string | undefined, asked?: string) =>
  importCluster(repository, kubernetesUid, { asked, snapshot });

test('a cluster that is named is made once, and is then known by its Kubernetes', async () => {
  const made = await clusterOf(uid, 'prod');
  expect(made).toMatchObject({ name: 'prod', kubernetesUid: uid });
  expect((await clusterOf(uid)).id).toBe(made.id);
  expect((await clusterOf(undefined, 'prod')).id).toBe(made.id);
});

test('a snapshot of another Kubernetes is never put into it', async () => {
  await clusterOf(uid, 'prod');
  await expect(clusterOf(another, 'prod')).rejects.toMatchObject({ code: 'cluster-foreign' });
});

test('nor into one whose record tells none, and that holds what was imported of another', async () => {
  const { id, name } = await repository.addCluster('prod');
  const holding = (kubernetesUid: string): Repository =>
    new Proxy(repository, {
      get: (target, key) => {
        if (key === 'newestManifest')
          return async (_: string, fits: (manifest: SnapshotManifest) => boolean) =>
            [{ trigger: 'import', cluster: { id, name, kubernetesUid } } as SnapshotManifest].find(fits);
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const into = importCluster(holding(uid), another, { asked: 'prod', snapshot });
  await expect(into).rejects.toMatchObject({ code: 'cluster-foreign' });
  expect((await importCluster(holding(uid), uid, { asked: 'prod', snapshot })).id).toBe(id);
});

test('where neither a name nor a Kubernetes tells, it has to be said', async () => {
  await repository.addCluster('prod');
  await expect(clusterOf(another)).rejects.toMatchObject({
    code: 'cluster-unsaid',
    why: `it is of the Kubernetes ${another}, and the repository has no cluster of that`,
  });
  await expect(clusterOf(undefined)).rejects.toMatchObject({ code: 'cluster-unsaid' });
  expect((await repository.clusters()).length).toBe(1);
});
