import type { MemberSight } from './restore-plan.ts';

/** The sight of a member that nobody could look at, and why not. */
export function unseen(why = ''): MemberSight {
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
