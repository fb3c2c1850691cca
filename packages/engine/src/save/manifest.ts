import type { HashKvAnswer, MemberStatus } from '@holdfast/etcd/client';
import type { SnapshotPosition } from '@holdfast/etcd/snapshot';
import type { TrailedContent } from '@holdfast/etcd/stream';
import type { ClusterRecord, MemberChoice, SnapshotManifest } from '@holdfast/model';
import type { SnapshotEntry } from '@holdfast/repository';

/** All that is known of a snapshot once it has been received. */
export interface SnapshotFacts {
  readonly name: string;
  readonly holdfast: string;
  readonly cluster: ClusterRecord;
  readonly choice: MemberChoice;
  readonly status: MemberStatus;
  readonly content: TrailedContent;
  readonly position: SnapshotPosition;
  readonly hashKv: HashKvAnswer;
  readonly previous: SnapshotEntry | undefined;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly trigger: SnapshotManifest['trigger'];
}

/** Puts the facts into the form in which they are stored. */
export function manifestOf(facts: SnapshotFacts): SnapshotManifest {
  const { name, cluster, choice, status, content, position, hashKv, previous } = facts;
  const { member } = choice;
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'Snapshot',
    name,
    cluster: { id: cluster.id, name: cluster.name, etcdId: status.clusterId },
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
    objects: [{ role: 'snapshot', path: 'snapshot.db', encoding: 'plain', ...content }],
    quorum: { state: choice.doubts.length === 0 ? 'healthy' : 'degraded', reasons: [...choice.doubts] },
    trigger: facts.trigger,
    times: { startedAt: facts.startedAt.toISOString(), finishedAt: facts.finishedAt.toISOString() },
    lineage: { previous: previous?.name ?? null, previousManifestSha256: previous?.manifestSha256 ?? null },
  };
}
