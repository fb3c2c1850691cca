import { join } from 'node:path';
import { isFailure } from '@holdfast/base';
import { openFileSource, openImage, readBuckets } from '@holdfast/etcd/bolt';
import { bucketNames, readRecords } from '@holdfast/etcd/mvcc';
import { readPosition } from '@holdfast/etcd/snapshot';
import type { Subject } from './request.ts';

/** Records that are looked at: those of Kubernetes are nearly all there are, so the first few tell. */
const lookedAt = 2_000;

/** Whether what is restored is the data of Kubernetes; null when that cannot be told cheaply, or from here. */
export async function kubernetesIn({ plan }: Pick<Subject, 'plan'>): Promise<boolean | null> {
  const { source, members } = plan;
  if (source.kind === 'quorum') return null;
  if (source.kind === 'snapshot') return await keysTell(source.path, source.revision);
  const survivor = members.find(({ name }) => name === source.member);
  if (survivor === undefined) return null;
  return await keysTell(join(survivor.dataDir, 'member', 'snap', 'db'), source.revision);
}

/**
 * By the first keys of a database: API servers keep objects below /registry/ unless told otherwise, and where they have
 * compacted in any case (kubernetes, apiserver/pkg/storage/etcd3/compact.go). Members have their data at the same path,
 * each on its own machine: what stands at another revision may be another one's.
 */
async function keysTell(path: string, revision: number): Promise<boolean | null> {
  try {
    using source = openFileSource(path);
    if ((await readPosition(source)).revision !== revision) return null;
    const image = await openImage(source);
    const bucket = (await readBuckets(image)).get(bucketNames.key);
    if (bucket === undefined) return null;
    let records = 0;
    for await (const { key } of readRecords(image, bucket)) {
      const name = Buffer.from(key).toString('latin1');
      if (name.startsWith('/registry/') || name === 'compact_rev_key') return true;
      if (++records === lookedAt) return null;
    }
    return false;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return null;
  }
}
