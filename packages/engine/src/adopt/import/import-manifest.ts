import type { SnapshotPosition } from '@holdfast/etcd/snapshot';
import type { ClusterRecord, CompanionsRecord, SnapshotManifest } from '@holdfast/model';
import type { ManifestDraft } from '@holdfast/repository';
import type { ForeignPlace, ForeignSnapshot } from '../foreign.ts';

/** All that is known of an import once it is stored. */
export interface ImportFacts {
  readonly holdfast: string;
  readonly place: ForeignPlace;
  readonly snapshot: ForeignSnapshot;
  readonly position: SnapshotPosition;
  readonly content: { readonly size: number; readonly sha256: string };
  /** Of the file as it was found. */
  readonly fileSha256: string;
  readonly kubernetesUid: string | undefined;
  readonly name: string;
  readonly cluster: ClusterRecord;
  readonly objects: SnapshotManifest['objects'];
  readonly recipients: string[];
  readonly companions: CompanionsRecord | null;
  readonly notes: readonly string[];
}

/** Puts the facts into the form in which they are stored. What a database does not tell is said to be unknown. */
export function importManifest(facts: ImportFacts): ManifestDraft {
  const { place, snapshot, position, content, cluster, name, objects, recipients, companions } = facts;
  const at = snapshot.takenAt.toISOString();
  return {
    ...{ name, objects, recipients, companions },
    cluster: { id: cluster.id, name: cluster.name, etcdId: null, kubernetesUid: facts.kubernetesUid ?? null },
    member: {
      id: null,
      name: snapshot.node ?? '',
      endpoint: '',
      role: 'unknown',
      why: `not known: ${snapshot.system} saved it`,
    },
    versions: { holdfast: facts.holdfast, etcd: etcdVersion(position), storage: position.storageVersion },
    raft: { index: position.consistentIndex, term: position.term ?? 0 },
    revision: position.revision,
    compactRevision: position.compactRevision,
    hashKv: null,
    hashKvMissing: `it was imported: nobody asked its member when ${snapshot.system} saved it`,
    content: { ...content, pageSize: position.pageSize },
    quorum: { state: 'unknown', reasons: [`${snapshot.system} saved it`] },
    trigger: 'import',
    times: { startedAt: at, finishedAt: at },
    origin: null,
    policy: null,
    imported: {
      system: snapshot.system,
      location: place.location,
      path: snapshot.path,
      sha256: facts.fileSha256,
      notes: [...facts.notes],
    },
  };
}

/** What the members had agreed on: the last figure of it is always 0, whatever they ran. */
function etcdVersion({ clusterVersion, storageVersion }: SnapshotPosition): string {
  return /^\d+\.\d+/.exec(clusterVersion ?? storageVersion ?? '')?.[0] ?? 'unknown';
}
