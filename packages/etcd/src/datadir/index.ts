/**
 * @holdfast/etcd/datadir: a member's data directory, built from a snapshot without etcd's tools.
 *
 * - survey:     what a member's own data directory tells, whether an etcd runs on it or not.
 * - build:      the one way in: checks, copy, edit, log, publish.
 * - source:     the snapshot, a file or a stream.
 * - stage-db:   the db: copied, proven, edited.
 * - copy:       the snapshot's bytes, hashed on the way; copy-stream the same for a stream.
 * - edit-db:    the copy becomes the db of a member of a new cluster; db-pairs and key-bucket say what is written.
 * - membership: ids, and the members in the three spellings that etcd keeps.
 * - snap-file:  the raft snapshot; the log itself is in wal/.
 * - staging:    nothing that an etcd would start from, until everything is.
 */
export { buildDataDir, type BuildOptions, type BuiltDataDir } from './build.ts';
export type { EtcdForm, RevisionBump } from './form.ts';
export { checkFreeSpace } from './free-space.ts';
export type { SnapshotStream } from './copy-stream.ts';
export { contentSha256, type SnapshotSource } from './source.ts';
export { newCluster, sameUrls, type NewCluster, type NewMember } from './membership/new-cluster.ts';
export { type MemberDirSurvey, type MemberPlace, surveyMemberDir } from './survey.ts';
export { commitAll, readWalSummary, type CommittedLog } from '../wal/index.ts';
