import { addVoterEntry, confState, firstTerm, hardState } from '../raft/messages.ts';
import { bytesField, integerField } from '../raft/protobuf.ts';
import { encodeRecords } from './records.ts';

/** The name of a log's first file: sequence 0, first index 0. */
export const firstWalName = `${'0'.repeat(16)}-${'0'.repeat(16)}.wal`;

/** Bytes that etcd allocates for each file of the log (SegmentSizeBytes); the unused rest is zeros. */
export const walFileSize = 64_000_000;

/** The log of a cluster that is born with `voters` and has applied nothing but their joining. */
export interface FirstWal {
  /** The member whose log this is. */
  readonly memberId: bigint;
  readonly clusterId: bigint;
  /** Ids ascending, each with its member as JSON. */
  readonly voters: readonly { readonly id: bigint; readonly json: Uint8Array }[];
  /** Whether the snapshot record names the voters, as etcd does from 3.5 on. */
  readonly withConfState: boolean;
}

/**
 * The used bytes of that log, identical to those of `etcdutl snapshot restore`: voters' entries 1..N, committed, and
 * a raft snapshot at N, so that a starting etcd replays nothing.
 */
export function encodeFirstWal(wal: FirstWal): Buffer {
  const ids = wal.voters.map((voter) => voter.id);
  const commit = ids.length;
  const [vote] = ids;
  if (vote === undefined) throw new RangeError('a cluster has at least one member');
  const metadata = Buffer.concat([integerField(1, wal.memberId), integerField(2, wal.clusterId)]);
  return encodeRecords([
    { type: 'metadata', data: metadata },
    { type: 'snapshot', data: snapshotMark(0, 0) },
    ...wal.voters.map(({ id, json }, i) => ({
      type: 'entry' as const,
      data: addVoterEntry(i + 1, id, json),
    })),
    { type: 'state', data: hardState(vote, commit) },
    { type: 'snapshot', data: snapshotMark(commit, firstTerm, wal.withConfState ? ids : undefined) },
  ]);
}

/** walpb.Snapshot: a raft snapshot exists at this index and term. */
function snapshotMark(index: number, term: number, voters?: readonly bigint[]): Buffer {
  const position = [integerField(1, index), integerField(2, term)];
  return Buffer.concat(voters === undefined ? position : [...position, bytesField(3, confState(voters))]);
}
