import type { OldMember } from './restore-plan.ts';
import { commonCluster, isOf, survivorsOf, type SightedMember } from './survivors.ts';

/** The cluster as it was before, by its own member list. */
export interface OldCluster {
  /** Its members; null where nothing tells them, and the description has to be believed. */
  readonly members: readonly OldMember[] | null;
  /** How many have a vote, and how many of them make a quorum. */
  readonly voters: number;
  readonly quorum: number;
  /** Whether a described member is one of them, with a vote. */
  hasVote(member: SightedMember): boolean;
}

/**
 * Who the cluster was before, by the member list of who knows it best: a member in a quorum, else the data whose log goes
 * furthest, else whoever answers. Members that went apart may list themselves alone: how many there should be only the
 * description tells then.
 */
export function oldCluster(members: readonly SightedMember[]): OldCluster {
  const listed = tellers(members).find(({ sight }) => sight.listed !== null)?.sight.listed ?? null;
  const clusters = new Set(members.flatMap(({ sight }) => sight.clusterId ?? []));
  const counted = clusters.size > 1 ? null : listed;
  const voters = counted === null ? members.length : counted.filter(({ isLearner }) => !isLearner).length;
  return {
    members: listed,
    voters,
    quorum: Math.floor(voters / 2) + 1,
    hasVote: (member) => counted === null || entryOf(counted, member)?.isLearner === false,
  };
}

function tellers(members: readonly SightedMember[]): readonly SightedMember[] {
  const inQuorum = members.filter(({ sight }) => sight.inQuorum);
  const cluster = commonCluster(inQuorum.length > 0 ? inQuorum : members);
  const ours = (all: readonly SightedMember[]): readonly SightedMember[] =>
    all.filter(({ sight }) => isOf(cluster, sight));
  return [...ours(inQuorum), ...ours(survivorsOf(members)), ...ours(members)];
}

/** By its id, which data and etcd tell; by its name where neither can be asked. */
function entryOf(listed: readonly OldMember[], { name, sight }: SightedMember): OldMember | undefined {
  return listed.find((each) => (sight.memberId === null ? each.name === name : each.id === sight.memberId));
}

/** Members that a cluster lists and that the description does not have where they are. */
export interface Undescribed {
  /** With nothing in common. */
  readonly strangers: readonly OldMember[];
  /** With the name in common, at another address. */
  readonly moved: readonly OldMember[];
}

/** Whom a description leaves out: a member is known by its id, which its data tells, and by its addresses. */
export function undescribed(
  members: readonly (SightedMember & { readonly peerUrls: readonly string[] })[],
): Undescribed {
  const ids = new Set(members.map(({ sight }) => sight.memberId));
  const urls = new Set(members.flatMap(({ peerUrls }) => peerUrls.map(normal)));
  const left = (oldCluster(members).members ?? []).filter(
    ({ id, peerUrls }) => !ids.has(id) && !peerUrls.some((url) => urls.has(normal(url))),
  );
  const isMoved = (each: OldMember): boolean => members.some(({ name }) => name === each.name);
  return { strangers: left.filter((each) => !isMoved(each)), moved: left.filter(isMoved) };
}

function normal(url: string): string {
  return URL.canParse(url) ? new URL(url).href : url;
}
