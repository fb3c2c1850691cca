import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Evidence } from '@holdfast/model';
import type { ManifestDraft, Repository } from '@holdfast/repository';

/** The time of the n-th snapshot: four minutes before the still clock for 1, an hour more for each further one. */
const takenAt = (hours: number): string =>
  new Date(Date.parse('2026-11-20T09:10:07Z') - hours * 3_600_000).toISOString();

/** Stores a snapshot whose file is no etcd database, for tests of what is around it. */
export async function store(
  repository: Repository,
  name: string,
  {
    hours = 0,
    cluster = 'prod',
    evidence,
    degraded = false,
    policy = null,
    imported = false,
  }: StoreOptions = {},
): Promise<void> {
  const { id } = await repository.addCluster(cluster);
  const writer = await repository.stageSnapshot(id, name, { unique: false });
  const content = Buffer.from(`content of ${name}`);
  await (await writer.begin({ role: 'snapshot', encoding: 'plain' })).write(content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const at = takenAt(hours);
  const manifest: ManifestDraft = {
    name,
    cluster: { id, name: cluster, etcdId: 'cdf818194e3a8c32', kubernetesUid: null },
    member: {
      id: '8e9e05c52164694d',
      name: 'm1',
      endpoint: 'http://10.0.0.1:2379',
      role: 'follower',
      why: 'a follower',
    },
    versions: { holdfast: '0.1.0', etcd: '3.5.35', storage: null },
    raft: { index: 1200, term: 3 },
    revision: 1000 - hours,
    compactRevision: 500,
    hashKv: { revision: 1000 - hours, compactRevision: 500, hash: 123_456 },
    content: { size: content.length, sha256, pageSize: 4096 },
    objects: [{ role: 'snapshot', path: 'snapshot.db', encoding: 'plain', size: content.length, sha256 }],
    quorum: degraded
      ? { state: 'degraded', reasons: ['m1 has a CORRUPT alarm'] }
      : { state: 'healthy', reasons: [] },
    trigger: imported ? 'import' : policy === null ? 'manual' : 'schedule',
    times: { startedAt: at, finishedAt: at },
    recipients: [],
    companions: null,
    origin: null,
    policy,
    imported: imported ? { system: 'k3s', location: '/theirs', path: name, sha256, notes: [] } : null,
  };
  await writer.commit(manifest);
  if (evidence !== undefined)
    await repository.addEvidence({ name, cluster: { id } }, evidenceOf(name, at, evidence));
}

/** Makes the manifest of a snapshot unreadable. @param path of its stored object */
export async function breakManifest(path: string): Promise<void> {
  const files = await readdir(dirname(path));
  const manifest = files.find((file) => file.startsWith('manifest-'));
  if (manifest === undefined) throw new Error(`there is no manifest beside ${path}`);
  await writeFile(join(dirname(path), manifest), '{');
}

interface StoreOptions {
  /** How many hours before the others it was taken. */
  readonly hours?: number;
  readonly cluster?: string;
  /** The outcome of its verification; none if not said. */
  readonly evidence?: Evidence['outcome'];
  readonly degraded?: boolean;
  /** The policy that it was saved for; by hand if not said. */
  readonly policy?: string | null;
  /** Whether another system made it. */
  readonly imported?: boolean;
}

function evidenceOf(name: string, at: string, outcome: Evidence['outcome']): Evidence {
  const failed = { check: 'tree', outcome: 'failed', detail: 'page 7 is reached twice' } as const;
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'Evidence',
    snapshot: name,
    at,
    holdfast: '0.1.0',
    durationMs: 1234,
    outcome,
    checks: [
      { check: 'sha256', outcome: 'passed', detail: 'equals the manifest' },
      outcome === 'failed' ? failed : { check: 'tree', outcome: 'passed', detail: '12 pages' },
    ],
    status: {
      hash: 0xdeadbeef,
      revision: 1000,
      pairs: 321,
      liveKeys: 300,
      size: 20_480,
      storageVersion: null,
    },
    pages: { total: 5, free: 0 },
    buckets: { key: 310 },
  };
}
