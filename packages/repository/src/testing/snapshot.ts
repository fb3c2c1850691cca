import { createHash } from 'node:crypto';
import type { Evidence, SnapshotManifest } from '@holdfast/model';
import type { ClusterName } from '../entry.ts';
import type { Repository } from '../repository.ts';
import type { ManifestDraft } from '../snapshot-writer.ts';

/** What the manifest of a plain snapshot with this content would say; `changes` replaces whole fields. */
export function manifestOf(
  name: string,
  cluster: ClusterName,
  content: Uint8Array,
  changes: Partial<ManifestDraft> = {},
): ManifestDraft {
  const size = content.length;
  const sha256 = createHash('sha256').update(content).digest('hex');
  const at = '2026-11-20T12:00:00.000Z';
  return {
    name,
    cluster: { id: cluster.id, name: cluster.name, etcdId: 'cdf818194e3a8c32', kubernetesUid: null },
    member: {
      id: '8e9e05c52164694d',
      name: 'm1',
      endpoint: 'http://127.0.0.1:2379',
      role: 'leader',
      why: 'test',
    },
    versions: { holdfast: '0.1.0', etcd: '3.6.0', storage: '3.6.0' },
    raft: { index: 7, term: 2 },
    revision: 1,
    compactRevision: -1,
    hashKv: null,
    content: { size, sha256, pageSize: 4096 },
    objects: [{ role: 'snapshot', path: 'snapshot.db', encoding: 'plain', size, sha256 }],
    recipients: [],
    quorum: { state: 'healthy', reasons: [] },
    trigger: 'manual',
    times: { startedAt: at, finishedAt: at },
    companions: null,
    origin: null,
    policy: null,
    imported: null,
    ...changes,
  };
}

/** The same as it would be stored as the first of a chain without a key. */
export function storedManifestOf(...of: Parameters<typeof manifestOf>): SnapshotManifest {
  const lineage = { writer: null, sequence: 1, previous: null };
  return { apiVersion: 'holdfast.dev/v2', kind: 'Snapshot', ...manifestOf(...of), lineage };
}

/** Saves `content` as a plain snapshot, in the way in which a save does. */
export async function storeSnapshot(
  repository: Repository,
  cluster: ClusterName,
  name: string,
  content: Uint8Array,
  changes: Partial<ManifestDraft> = {},
): Promise<void> {
  const writer = await repository.stageSnapshot(cluster.id, name, { unique: false });
  try {
    const file = await writer.begin({ role: 'snapshot', encoding: 'plain' });
    await file.write(content);
    await file.sync();
    await writer.commit(manifestOf(name, cluster, content, changes));
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** The record of a verification that found `outcome` and says no more; of `content` where signatures are asked for. */
export function evidenceOf(
  snapshot: string,
  at: string,
  outcome: Evidence['outcome'],
  content?: Uint8Array,
): Evidence {
  return {
    ...(content && { contentSha256: createHash('sha256').update(content).digest('hex') }),
    apiVersion: 'holdfast.dev/v1',
    kind: 'Evidence',
    snapshot,
    at,
    holdfast: '0.1.0',
    durationMs: 1,
    outcome,
    checks: [],
    status: null,
    pages: null,
    buckets: null,
  };
}
