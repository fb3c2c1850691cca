import type { MemberSight } from '@holdfast/model';

/** A member that nobody could look at, and why not. */
export function unseen(why: string): MemberSight {
  return {
    running: null,
    answers: false,
    inQuorum: false,
    data: 'unknown',
    dataFault: why,
    revision: null,
    appliedIndex: null,
    committedIndex: null,
    lastIndex: null,
    term: null,
    size: null,
    writtenAt: null,
    clusterId: null,
    memberId: null,
    listed: null,
    version: null,
  };
}
