import type { HashKvAnswer, MemberStatus } from '@holdfast/etcd/client';
import type { SnapshotPosition } from '@holdfast/etcd/snapshot';
import type { TrailedContent } from '@holdfast/etcd/stream';
import type { ClusterRecord, CompanionsRecord, MemberChoice, SnapshotManifest } from '@holdfast/model';
import type { ManifestDraft } from '@holdfast/repository';

/** All that is known of a snapshot once it has been received, wherever it is stored. */
export interface SnapshotFacts {
  readonly holdfast: string;
  readonly kubernetesUid: string | undefined;
  readonly choice: MemberChoice;
  readonly status: MemberStatus;
  readonly content: TrailedContent;
  readonly position: SnapshotPosition;
  readonly hashKv: HashKvAnswer;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly trigger: SnapshotManifest['trigger'];
  readonly policy: string | null;
}

/** What of it differs from one repository to the next. */
export interface StoredFacts {
  readonly name: string;
  readonly cluster: ClusterRecord;
  readonly objects: SnapshotManifest['objects'];
  readonly recipients: string[];
  readonly companions: CompanionsRecord | null;
}

/** Puts the facts into the form in which they are stored. */
export function manifestOf(facts: SnapshotFacts, stored: StoredFacts): ManifestDraft {
  const { choice, status, content, position, hashKv } = facts;
  const { cluster, ...rest } = stored;
  const { member } = choice;
  return {
    ...rest,
    cluster: {
      id: cluster.id,
      name: cluster.name,
      etcdId: status.clusterId,
      kubernetesUid: facts.kubernetesUid ?? null,
    },
    member: {
      id: member.id,
      name: member.name,
      endpoint: member.endpoint,
      role: member.isLearner ? 'learner' : member.isLeader ? 'leader' : 'follower',
      why: choice.why,
    },
    versions: { holdfast: facts.holdfast, etcd: status.version, storage: position.storageVersion },
    // A database of 3.4 does not hold the term of its last entry.
    raft: { index: position.consistentIndex, term: position.term ?? status.raftTerm },
    revision: position.revision,
    compactRevision: position.compactRevision,
    ...('hashKv' in hashKv ? { hashKv: hashKv.hashKv } : { hashKv: null, hashKvMissing: hashKv.missing }),
    content: { ...content, pageSize: position.pageSize },
    quorum: { state: choice.doubts.length === 0 ? 'healthy' : 'degraded', reasons: [...choice.doubts] },
    trigger: facts.trigger,
    times: { startedAt: facts.startedAt.toISOString(), finishedAt: facts.finishedAt.toISOString() },
    origin: null,
    policy: facts.policy,
    imported: null,
  };
}
