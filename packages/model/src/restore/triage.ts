import type { MemberSight } from './restore-plan.ts';

/** A described member as it was found. */
export interface SightedMember {
  readonly name: string;
  readonly sight: MemberSight;
}

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
 * read that needs one came back, data counts when it could be read.
 */
export function triage({ members, snapshot }: TriageSight): Triage {
  const seen = sort(members);
  if (seen.quorum.length > 0) return withQuorum(members, seen, snapshot);
  const able = [...seen.serving, ...seen.idle];
  if (able.length >= majority(members.length)) return stopped(members, able, snapshot);
  const survivors = survivorsOf(members);
  const best = survivors[0];
  if (best !== undefined) return majorityLost(members, best, snapshot);
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

/**
 * The members whose data can be read, the best first: by raft's own order (term, then the last committed entry, then
 * the last applied one), which says who knows most. Data of another cluster than most members have comes last, since
 * the two orders have nothing to do with each other.
 */
export function survivorsOf<M extends SightedMember>(members: readonly M[]): readonly M[] {
  const cluster = commonCluster(members);
  const rank = ({ sight }: SightedMember): number[] => [
    isOf(cluster, sight) ? 1 : 0,
    sight.term ?? -1,
    sight.committedIndex ?? -1,
    sight.appliedIndex ?? -1,
  ];
  return members
    .filter(({ sight }) => sight.data === 'readable')
    .toSorted((a, b) => compare(rank(b), rank(a)));
}

/**
 * etcd's id of the cluster that most of the members belong to; null when nobody shows one. Of as many, the one with the
 * highest revision, since a restore moves revisions on.
 */
export function commonCluster(members: readonly SightedMember[]): string | null {
  const counts = new Map<string, { members: number; revision: number }>();
  for (const { sight } of members) {
    if (sight.clusterId === null) continue;
    const count = counts.get(sight.clusterId) ?? { members: 0, revision: 0 };
    count.members += 1;
    count.revision = Math.max(count.revision, sight.revision ?? 0);
    counts.set(sight.clusterId, count);
  }
  const order = [...counts].toSorted(
    ([a, m], [b, n]) => n.members - m.members || n.revision - m.revision || (a < b ? -1 : 1),
  );
  return order[0]?.[0] ?? null;
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
  const quorum = split && ours.length < majority(members.length) ? [] : ours;
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
  snapshot: TriageSight['snapshot'],
): Triage {
  const why = `no member is in a quorum, but ${names(able)} ${have(able)} what a quorum of ${members.length} needs`;
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
  snapshot: TriageSight['snapshot'],
): Triage {
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
      : `no quorum is left, but the data of ${best.name} can be read`,
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

/** Data that shows no cluster id is taken to be of this one. */
function isOf(cluster: string | null, sight: MemberSight): boolean {
  return cluster === null || sight.clusterId === null || sight.clusterId === cluster;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((each, i) => each !== b[i]);
  return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

function names(members: readonly SightedMember[]): string {
  const all = members.map(({ name }) => name);
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

const are = (members: readonly unknown[]): string => (members.length === 1 ? 'is' : 'are');
const have = (members: readonly unknown[]): string => (members.length === 1 ? 'has' : 'have');
const run = (members: readonly unknown[]): string => (members.length === 1 ? 'runs' : 'run');
