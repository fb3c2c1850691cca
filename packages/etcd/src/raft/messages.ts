import { bytesField, integerField } from './protobuf.ts';

/**
 * The raft messages (raftpb) of a cluster that is born with all its members: every entry is of term 1 and adds one
 * voter. Fields are proto2 without null, so zeros are written.
 */

/** The only term that a cluster just born has seen. */
export const firstTerm = 1;

/** raftpb.ConfState of these voters and no learners; ids ascending. */
export function confState(voters: readonly bigint[]): Buffer {
  return Buffer.concat([...voters.map((id) => integerField(1, id)), integerField(5, 0)]);
}

/** raftpb.Entry at `index` (from 1) that adds voter `id`; `context` is the member as JSON. */
export function addVoterEntry(index: number, id: bigint, context: Uint8Array): Buffer {
  const change = Buffer.concat([
    integerField(1, 0),
    integerField(2, 0),
    integerField(3, id),
    bytesField(4, context),
  ]);
  return Buffer.concat([
    integerField(1, 1),
    integerField(2, firstTerm),
    integerField(3, index),
    bytesField(4, change),
  ]);
}

/** raftpb.HardState: who got this member's vote, and the last committed index. */
export function hardState(vote: bigint, commit: number): Buffer {
  return Buffer.concat([integerField(1, firstTerm), integerField(2, vote), integerField(3, commit)]);
}

/** raftpb.Snapshot at `index`: the state machine's `data` and the voters. */
export function raftSnapshot(data: Uint8Array, index: number, voters: readonly bigint[]): Buffer {
  const metadata = Buffer.concat([
    bytesField(1, confState(voters)),
    integerField(2, index),
    integerField(3, firstTerm),
  ]);
  return Buffer.concat([bytesField(1, data), bytesField(2, metadata)]);
}
