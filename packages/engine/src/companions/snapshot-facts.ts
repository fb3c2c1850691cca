import type { ByteSource } from '@holdfast/etcd/bolt';
import { readLivePairs } from '@holdfast/etcd/snapshot';
import { type SnapshotFacts, startSnapshotFacts } from '@holdfast/kube';

/**
 * Reads from a snapshot what its companions are tried with: how its values are encrypted with one sample for each key, the
 * bootstrap data of K3s and RKE2, and which cluster it is. Reads all of it once, and its newest part twice.
 * @throws as `readLivePairs`
 */
export async function readSnapshotFacts(
  source: ByteSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<SnapshotFacts> {
  const taker = startSnapshotFacts();
  await readLivePairs(source, (key, value) => taker.take(key, value), options);
  return taker.facts();
}
