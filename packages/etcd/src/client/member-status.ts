import { formatHex64 } from '@holdfast/base';
import type { StatusResponse } from './gen/etcd_pb.ts';

export type AlarmKind = 'NOSPACE' | 'CORRUPT';

/** An alarm of the cluster, and the member that it is about. */
export interface Alarm {
  readonly memberId: string;
  readonly alarm: AlarmKind;
}

/** What one member says of itself. Ids are hexadecimal, sizes bytes, raft figures entries. */
export interface MemberStatus {
  readonly clusterId: string;
  readonly memberId: string;
  /** The server's version, e.g. 3.5.35. */
  readonly version: string;
  /** The data's own version; null before 3.6. */
  readonly storageVersion: string | null;
  /** Of the backend's file; a snapshot is about as large. */
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  readonly isLearner: boolean;
  readonly isLeader: boolean;
  /** The leader that this member follows (itself, perhaps); undefined when it knows none. */
  readonly leaderId?: string;
  readonly raftIndex: number;
  readonly raftTerm: number;
  readonly appliedIndex: number;
  readonly revision: number;
  /** All alarms that this member knows of, about any member. */
  readonly alarms: readonly Alarm[];
}

/** Reads an answer of Maintenance/Status. */
export function readMemberStatus(answer: StatusResponse): MemberStatus {
  const memberId = answer.header?.memberId ?? 0n;
  return {
    clusterId: formatHex64(answer.header?.clusterId ?? 0n),
    memberId: formatHex64(memberId),
    version: answer.version,
    storageVersion: answer.storageVersion === '' ? null : answer.storageVersion,
    dbSize: Number(answer.dbSize),
    dbSizeInUse: Number(answer.dbSizeInUse),
    isLearner: answer.isLearner,
    isLeader: answer.leader === memberId,
    ...(answer.leader !== 0n && { leaderId: formatHex64(answer.leader) }),
    raftIndex: Number(answer.raftIndex),
    raftTerm: Number(answer.raftTerm),
    appliedIndex: Number(answer.raftAppliedIndex),
    revision: Number(answer.header?.revision ?? 0n),
    alarms: answer.errors.flatMap(readAlarm),
  };
}

/**
 * Status lists alarms in the text form of protobuf: `memberID:123 alarm:CORRUPT`. That is the member's own knowledge; the
 * Alarm call would cost an entry of the raft log even to ask, and has no answer without a quorum.
 */
function readAlarm(text: string): Alarm[] {
  const [, id, alarm] = /^memberID:(\d+)\s+alarm:(NOSPACE|CORRUPT)\s*$/.exec(text) ?? [];
  return id === undefined ? [] : [{ memberId: formatHex64(BigInt(id)), alarm: alarm as AlarmKind }];
}
