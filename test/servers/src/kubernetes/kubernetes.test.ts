import { describe, expect, it } from 'vitest';
import {
  churn,
  etcdOrSkip,
  fillKubernetes,
  kubernetesObject,
  namespaces,
  objectKey,
  startCluster,
} from '../index.ts';

describe('Kubernetes-like objects', () => {
  const objects = Array.from({ length: 2000 }, (_, i) => kubernetesObject(7, i));

  it('are the same for the same seed, and others for another', () => {
    expect(kubernetesObject(7, 5)).toEqual(objects[5]);
    expect(kubernetesObject(8, 5)).not.toEqual(objects[5]);
    expect(kubernetesObject(7, 5, { generation: 2 }).key).toBe(objectKey(7, 5));
    expect(kubernetesObject(7, 5, { generation: 2 }).value).not.toEqual(objects[5]?.value);
  });

  it('are about as large as those of a cluster', () => {
    const sizes = objects.map(({ value }) => value.length);
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    expect(Math.min(...sizes)).toBeGreaterThan(500);
    expect(Math.max(...sizes)).toBeLessThan(12_000);
    expect(mean).toBeGreaterThan(4300);
    expect(mean).toBeLessThan(4900);
  });

  it('are stored as Kubernetes does: protobuf with a magic, custom resources as JSON', () => {
    for (const { key, value } of objects) {
      if (key.startsWith('/registry/shop.example/'))
        expect(JSON.parse(value.toString())).toHaveProperty('kind', 'Order');
      else expect(value.subarray(0, 4).toString()).toBe('k8s\0');
    }
    expect(new Set(objects.map(({ key }) => key)).size).toBe(objects.length);
  });
});

describe.skipIf((await etcdOrSkip('3.6')).skip)('a fill', () => {
  it('is the same each time, and churn changes it', async () => {
    const hashes: number[] = [];
    for (let i = 0; i < 2; i++) {
      await using cluster = await startCluster({ version: '3.6' });
      const filled = await fillKubernetes(cluster, { objects: 300, seed: 3, concurrency: 1 });
      expect(filled.objects).toBe(300 + namespaces.length);
      const { changes, revision } = await churn(cluster, {
        objects: 300,
        seed: 3,
        changes: 200,
        concurrency: 1,
      });
      expect(changes).toBe(200);
      hashes.push((await cluster.gateway().hashKv(revision)).hash);
    }
    expect(hashes[0]).toBe(hashes[1]);
  });

  it('writes many objects in a transaction', async () => {
    await using cluster = await startCluster({ version: '3.6' });
    await fillKubernetes(cluster, { objects: 500, perTxn: 64 });
    expect((await cluster.gateway().rangeAll()).keyValues.length).toBe(500 + namespaces.length);
  });
});
