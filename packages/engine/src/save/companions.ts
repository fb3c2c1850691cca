import { createHash } from 'node:crypto';
import { isFailure, type Clock } from '@holdfast/base';
import type { ByteSource } from '@holdfast/etcd/bolt';
import { readLivePairs } from '@holdfast/etcd/snapshot';
import { startSnapshotFacts } from '@holdfast/kube';
import type { CompanionsRecord, SnapshotManifest } from '@holdfast/model';
import { objectFile, type SnapshotWriter } from '@holdfast/repository';
import { seal, type PublicKey } from '@holdfast/repository/object';
import {
  checkCollected,
  collectNode,
  companionsTar,
  openNodeRoot,
  type CollectedNode,
} from '../companions/index.ts';

/** What a node keeps beside its etcd, and what was found when it was tried against the snapshot. */
export interface TriedCompanions {
  readonly collected: CollectedNode;
  readonly record: CompanionsRecord;
}

/** Reads the companions of the node whose `/` is `root`. @throws file-unreadable when there is no such folder */
export async function collectFrom(root: string, clock: Clock): Promise<CollectedNode> {
  return await collectNode({ root: await openNodeRoot(root), clock });
}

/** Tries the companions against what the snapshot holds. @throws the signal's reason, file-unreadable */
export async function tryCompanions(
  collected: CollectedNode,
  snapshot: ByteSource,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<TriedCompanions> {
  const taker = startSnapshotFacts();
  try {
    await readLivePairs(snapshot, (key, value) => taker.take(key, value), { signal });
  } catch (error) {
    // That it is damaged is for its own verification to say; what was read so far is tried.
    if (!isFailure(error, 'not-a-snapshot')) throw error;
  }
  return { collected, record: checkCollected(collected, taker.facts(), clock.now()) };
}

/** Stores the companions sealed, beside a snapshot that is being written. @throws what storages throw */
export async function storeCompanions(
  writer: SnapshotWriter,
  collected: CollectedNode,
  recipients: readonly [PublicKey, ...PublicKey[]],
): Promise<SnapshotManifest['objects'][number]> {
  const object = await writer.begin({ role: 'companions', encoding: 'age' });
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of seal(companionsTar(collected), { recipients })) {
    hash.update(chunk);
    size += chunk.length;
    await object.write(chunk);
  }
  const path = objectFile({ role: 'companions', encoding: 'age' });
  return { role: 'companions', path, encoding: 'age', size, sha256: hash.digest('hex') };
}

/** What is wrong with the companions, a sentence each; none when they would do. */
export function worriesOf({ findings }: CompanionsRecord): string[] {
  const wrong = findings.filter(({ outcome }) => outcome === 'failed' || outcome === 'warned');
  return wrong.map(({ sentence }) => `companions: ${sentence}`);
}
