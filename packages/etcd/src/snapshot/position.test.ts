import { expect, test } from 'vitest';
import { bytesSource } from '../bolt/test-image.ts';
import { ImageInMemory, pairOf, recordOf } from '../testing/image-in-memory.ts';
import { readPosition } from './position.ts';

async function positionWith(clusterVersion: string) {
  const made = new ImageInMemory(4096);
  await made.fill('cluster', [pairOf('clusterVersion', clusterVersion)]);
  await made.fill('key', [recordOf(2, 10)]);
  await made.fill('meta', [pairOf('consistent_index', Buffer.alloc(8))]);
  return await readPosition(bytesSource(await made.finish()));
}

test('the version of the cluster is the one that its members agreed on', async () => {
  expect(await positionWith('3.5.0')).toMatchObject({ clusterVersion: '3.5.0' });
});

// Such a snapshot was refused as that of etcd 3.0, where its cluster had been made seconds before.
test('a cluster whose members had not agreed yet has no version, though etcd writes its lowest one', async () => {
  expect(await positionWith('3.0.0')).toMatchObject({ clusterVersion: null });
});
