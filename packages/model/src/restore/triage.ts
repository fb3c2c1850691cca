import { oldCluster, type OldCluster } from './old-cluster.ts';
import { commonCluster, isOf, survivorsOf, type SightedMember } from './survivors.ts';

/** All that a decision rests on. */
export interface TriageSight {
  /** Every member that the description names. */
  readonly members: readonly SightedMember[];
  /** The snapshot that a restore would use: the newest verified one, or what was named; null when there is none. */
  readonly snapshot: { readonly name: string; readonly revision: number } | null;
}

/** Something that can be done. */
export interface TriageWay {
  /**
   * `objects`: put single objects back through the API. `start`: start, or mend, the members that have their data.
   * `replace`: give the cluster that runs new members for the lost ones. `salvage`: go on from the data of a member.
   * `snapshot`: go back to a snapshot.
   */
  readonly way: 'objects' | 'start' | 'replace' | 'salvage' | 'snapshot';
  readonly recommended: boolean;
  /** One sentence without a full stop. */
  readonly why: string;
  /** At which the cluster would be afterwards, as far as it is known. */
  readonly revision: number | null;
  /** Whom it is done to: to be started, to be replaced, or whose data survives; otherwise nobody. */
  readonly members: readonly string[];
}

/** How a cluster stands, and what can be done, best first. */
export interface Triage {
  readonly verdict: 'healthy' | 'minority-lost' | 'stopped' | 'majority-lost' | 'all-lost' | 'nothing';
  /** One sentence without a full stop. */
  readonly why: string;
  readonly ways: readonly TriageWay[];
}

/**
 * Decides whether a cluster should be restored at all. Nothing here trusts a single sign: a quorum is there when a
 * read that needs one came back, data counts when it could be read. Whether one could be had is counted on the members
 * that the cluster has itself, as far as anything of it tells: a description may name more of them, or fewer.
 */
export function triage({ members, snapshot }: TriageSight): Triage {
  const seen = sort(members);
  if (seen.quorum.length > 0) return withQuorum(members, seen, snapshot);
  const old = oldCluster(members);
  const able = [...seen.serving, ...seen.idle].filter((each) => old.hasVote(each));
  if (able.length >= old.quorum) return stopped(members, able, old, snapshot);
  const best = survivorsOf(members)[0];
  if (best !== undefined) return majorityLost(members, best, old, snapshot);
  const seenNone = `no member answers in a quorum, and no data of ${names(members)} can be read`;
  if (snapshot === null) {
    return { verdict: 'nothing', why: `${seenNone}; there is no verified snapshot either`, ways: [] };
  }
  return {
    verdict: 'all-lost',
    why: seenNone,
    ways: [snapshotWay(snapshot, true, 'it is all that is left')],
  };
}

interface Sorted {
  /** In a quorum, all of one cluster; empty when there is none, or when several clusters claim to be this one. */
  readonly quorum: readonly SightedMember[];
  /** Not in a quorum, but running. */
  readonly serving: readonly SightedMember[];
  /** Not running, with data that can be read. */
  readonly idle: readonly SightedMember[];
}

function sort(members: readonly SightedMember[]): Sorted {
  const answering = members.filter(({ sight }) => sight.inQuorum);
  const split = new Set(answering.map(({ sight }) => sight.clusterId)).size > 1;
  const cluster = commonCluster(split || answering.length === 0 ? members : answering);
  const ours = answering.filter(({ sight }) => isOf(cluster, sight));
  const quorum = split && ours.length <= members.length / 2 ? [] : ours;
  const others = members.filter((each) => !quorum.includes(each) && isOf(cluster, each.sight));
  const serving = others.filter(
    ({ sight }) =>
      (sight.answers || sight.running === true) && sight.data !== 'damaged' && sight.data !== 'absent',
  );
  const idle = others.filter(
    (each) => !serving.includes(each) && each.sight.running === false && each.sight.data === 'readable',
  );
  return { quorum, serving, idle };
}

function withQuorum(
  members: readonly SightedMember[],
  { quorum, serving, idle }: Sorted,
  snapshot: TriageSight['snapshot'],
): Triage {
  const out = members.filter((each) => !quorum.includes(each));
  const revision = highest(quorum);
  if (out.length === 0) {
    const why = `${names(members)} ${are(members)} in a quorum, so nothing of etcd is lost`;
    return { verdict: 'healthy', why, ways: ofSnapshot(snapshot) };
  }
  const back = out.filter((each) => serving.includes(each) || idle.includes(each));
  const gone = out.filter((each) => !back.includes(each));
  const why = `${names(quorum)} ${have(quorum)} a quorum, ${names(out)} ${are(out)} not in it`;
  const ways: TriageWay[] = [];
  if (back.length > 0) ways.push(startWay(back, revision));
  const lost = gone.length > 0 ? gone : back;
  ways.push({
    way: 'replace',
    recommended: gone.length > 0,
    why:
      gone.length > 0
        ? `${names(lost)} cannot come back as found; the others give new members all data, and nothing is lost`
        : `only if ${names(lost)} cannot be started`,
    revision,
    members: lost.map(({ name }) => name),
  });
  return { verdict: 'minority-lost', why, ways: [...ways, ...ofSnapshot(snapshot).slice(1)] };
}

function stopped(
  members: readonly SightedMember[],
  able: readonly SightedMember[],
  old: OldCluster,
  snapshot: TriageSight['snapshot'],
): Triage {
  const why = `no member is in a quorum, but ${names(able)} ${have(able)} what a quorum of ${old.voters} needs`;
  const best = survivorsOf(members)[0];
  return {
    verdict: 'stopped',
    why,
    ways: [
      startWay(able, highest(able)),
      ...(best === undefined ? [] : [salvageWay(best, false, 'only if these members cannot be started')]),
      ...(snapshot === null ? [] : [snapshotWay(snapshot, false, goingBack)]),
    ],
  };
}

function majorityLost(
  members: readonly SightedMember[],
  best: SightedMember,
  old: OldCluster,
  snapshot: TriageSight['snapshot'],
): Triage {
  const of = old.voters === members.length ? '' : ` of the ${old.voters} voting members that the cluster had`;
  const claims = new Set(members.flatMap(({ sight }) => (sight.inQuorum ? (sight.clusterId ?? []) : [])));
  const split = claims.size > 1;
  const own = best.sight.revision ?? 0;
  const newer = snapshot !== null && (split || snapshot.revision > own);
  const compared = snapshot === null ? '' : `, snapshot ${snapshot.name} at ${snapshot.revision}`;
  const at = `it is at revision ${own}${compared}`;
  const salvage = salvageWay(best, !newer, newer ? at : `${at}; its log may bring more`);
  const chosen = split
    ? 'it is proven, and no order tells which of these is right'
    : 'no surviving data is newer';
  const stored = snapshot === null ? [] : [snapshotWay(snapshot, newer, newer ? chosen : goingBack)];
  return {
    verdict: 'majority-lost',
    why: split
      ? `members of ${claims.size} different clusters run under the names of this one, and none has a majority`
      : `no quorum is left${of}, but the data of ${best.name} can be read`,
    ways: newer ? [...stored, salvage] : [salvage, ...stored],
  };
}

const goingBack = 'everything that was written after it is lost';

function startWay(able: readonly SightedMember[], revision: number | null): TriageWay {
  const stood = able.filter(({ sight }) => sight.running === false && !sight.answers);
  const running = able.filter((each) => !stood.includes(each));
  const parts = [
    ...(stood.length > 0 ? [`${names(stood)} ${are(stood)} only stopped, with data that can be read`] : []),
    ...(running.length > 0
      ? [
          `${names(running)} ${run(running)} without a quorum: look at ${running.length === 1 ? 'its network and its log' : 'their network and their logs'}`,
        ]
      : []),
  ];
  const members = able.map(({ name }) => name);
  return { way: 'start', recommended: true, why: parts.join('; '), revision, members };
}

function salvageWay({ name, sight }: SightedMember, recommended: boolean, why: string): TriageWay {
  return { way: 'salvage', recommended, why, revision: sight.revision, members: [name] };
}

function snapshotWay(
  { revision }: { readonly revision: number },
  recommended: boolean,
  why: string,
): TriageWay {
  return { way: 'snapshot', recommended, why, revision, members: [] };
}

/** What a snapshot is good for while the cluster runs. */
function ofSnapshot(snapshot: TriageSight['snapshot']): TriageWay[] {
  if (snapshot === null) return [];
  const { name, revision } = snapshot;
  const why = `what was deleted or spoilt can be put back from ${name}, one by one, and nothing else is touched`;
  return [
    { way: 'objects', recommended: true, why, revision, members: [] },
    snapshotWay(snapshot, false, goingBack),
  ];
}

function highest(members: readonly SightedMember[]): number | null {
  const known = members.flatMap(({ sight }) => sight.revision ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

function names(members: readonly SightedMember[]): string {
  const all = members.map(({ name }) => name);
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

const are = (members: readonly unknown[]): string => (members.length === 1 ? 'is' : 'are');
const have = (members: readonly unknown[]): string => (members.length === 1 ? 'has' : 'have');
const run = (members: readonly unknown[]): string => (members.length === 1 ? 'runs' : 'run');
