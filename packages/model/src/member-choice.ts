import { limits, type FailureCode } from '@holdfast/base';

/** One member as a client sees it at one moment. Ids are hexadecimal; raft figures are entries. */
export interface MemberView {
  readonly endpoint: string;
  /** Why nothing more is known, when the member did not answer. */
  readonly unreachable?: string;
  readonly id: string;
  readonly name: string;
  readonly isLeader: boolean;
  readonly isLearner: boolean;
  /** The leader that this member follows; undefined when it knows none. */
  readonly leaderId?: string;
  readonly appliedIndex: number;
  readonly revision: number;
  /** Alarms that the cluster holds against this member. */
  readonly alarms: readonly ('NOSPACE' | 'CORRUPT')[];
  /** Whether a linearizable read through this member came back: the proof that it is part of a quorum. */
  readonly linearizable: boolean;
}

export interface MemberChoiceOptions {
  /** Only this endpoint will do. */
  readonly endpoint?: string;
  /** Choose even where quorum or health is in doubt. */
  readonly allowDegraded?: boolean;
}

/** A member to save from, why it, why not the others, and what is in doubt (empty: nothing). */
export interface MemberChoice {
  readonly outcome: 'chosen';
  readonly member: MemberView;
  readonly why: string;
  readonly doubts: readonly string[];
}

/** Nobody to save from. */
export interface MemberRefusal {
  readonly outcome: 'refused';
  readonly code: FailureCode;
  readonly why: string;
}

/**
 * Decides from which member a snapshot is taken: one that answers, is in quorum (a linearizable read through it
 * came back), does not lag, and has no CORRUPT alarm; then a follower before the leader, then the furthest applied,
 * then the order given. NOSPACE does not matter: saving is how one gets out of it.
 */
export function chooseMember(
  views: readonly MemberView[],
  options: MemberChoiceOptions = {},
): MemberChoice | MemberRefusal {
  const candidates = views.filter(
    (view) => options.endpoint === undefined || view.endpoint === options.endpoint,
  );
  const answering = candidates.filter((view) => view.unreachable === undefined);
  if (answering.length === 0) {
    const why = candidates.map((view) => `${view.endpoint}: ${view.unreachable}`).join('; ');
    return { outcome: 'refused', code: 'etcd-unreachable', why };
  }
  const furthest = Math.max(...views.map((view) => (view.unreachable === undefined ? view.appliedIndex : 0)));
  const judged = answering.map((view) => ({ view, doubts: doubtsAbout(view, furthest) }));
  const sound = judged.filter((each) => each.doubts.length === 0);
  if (sound.length > 0) {
    const best = sound.toSorted((a, b) => preference(a.view, b.view))[0]!;
    return {
      outcome: 'chosen',
      member: best.view,
      why: reason(best.view, sound.length, options),
      doubts: [],
    };
  }
  const doubts = judged.flatMap((each) => each.doubts.map((doubt) => `${label(each.view)} ${doubt}`));
  if (options.allowDegraded !== true) {
    const quorumLost = views.every((view) => view.unreachable !== undefined || !view.linearizable);
    return {
      outcome: 'refused',
      code: quorumLost ? 'etcd-no-quorum' : 'etcd-unhealthy',
      why: doubts.join('; '),
    };
  }
  const best = judged.toSorted((a, b) => a.doubts.length - b.doubts.length || preference(a.view, b.view))[0]!;
  return {
    outcome: 'chosen',
    member: best.view,
    why: `the furthest of ${judged.length} that answer; taken although it is in doubt`,
    doubts: best.doubts.map((doubt) => `${label(best.view)} ${doubt}`),
  };
}

function doubtsAbout(view: MemberView, furthest: number): string[] {
  const behind = furthest - view.appliedIndex;
  return [
    ...(view.linearizable ? [] : ['could not answer a linearizable read, so it is not part of a quorum']),
    ...(view.alarms.includes('CORRUPT') ? ['has a CORRUPT alarm'] : []),
    ...(behind > limits.memberLagEntries ? [`is ${behind} raft entries behind`] : []),
    ...(view.isLearner ? ['is a learner'] : []),
  ];
}

function preference(a: MemberView, b: MemberView): number {
  return Number(a.isLeader) - Number(b.isLeader) || b.appliedIndex - a.appliedIndex;
}

function reason(view: MemberView, sound: number, options: MemberChoiceOptions): string {
  const role = view.isLeader ? 'the leader' : 'a follower';
  if (options.endpoint !== undefined) return `${role}, asked for by --endpoint`;
  if (sound === 1) return `${role}, the only healthy member among the given endpoints`;
  return `${role} at applied index ${view.appliedIndex}, the furthest of ${sound} healthy members`;
}

function label(view: MemberView): string {
  return view.name === '' ? view.endpoint : `${view.name} (${view.endpoint})`;
}
