import { Failure } from '@holdfast/base';
import type { MemberDescription, PlannedMember } from '@holdfast/model';
import { notDescribed, type ChosenWay } from './chosen-way.ts';
import type { PlanRequest } from './request.ts';
import type { FoundMember } from './sight.ts';
import type { FoundCluster } from './triage-cluster.ts';

/** Who takes part, and as what. */
export interface Topology {
  readonly members: readonly PlannedMember[];
  /** `replace`: those that run on. */
  readonly staying: readonly MemberDescription[];
}

/**
 * The members of the new cluster, and the former ones. A former one is stopped and put aside like the others: an old
 * member that runs on is what splits a cluster. One that is vouched to be off is former.
 *
 * @throws Failure usage: names that the description does not have, or that contradict what was found
 */
export function topologyOf(request: PlanRequest, found: FoundCluster, chosen: ChosenWay): Topology {
  const { members: wanted, attest = [] } = request;
  const isMember = (name: string): boolean => found.members.some((each) => each.name === name);
  const parts = request.description.controlPlane.map(({ name }) => name);
  const stranger =
    wanted?.find((name) => !isMember(name)) ??
    attest.find(({ member }) => !isMember(member) && !parts.includes(member))?.member;
  if (stranger !== undefined) throw notDescribed(stranger);
  const replacing = chosen.way === 'replace';
  const taking = replacing
    ? found.members.filter(({ name }) => chosen.members.includes(name))
    : found.members;
  const staying = request.description.members.filter(
    ({ name }) => !taking.some((each) => each.name === name),
  );
  const leaving = staying.find(({ name }) => wanted !== undefined && !wanted.includes(name));
  if (leaving !== undefined) {
    throw new Failure(
      'usage',
      `${leaving.name} is not to be replaced, and the way replace takes away nobody else`,
    );
  }
  const members = taking.map((member) => plannedMember(request, member));
  if (!replacing && members.every(({ role }) => role === 'former')) {
    throw new Failure('usage', 'no member is left that could form the new cluster');
  }
  return { members, staying };
}

/** The member that starts alone; null when all are built. @throws Failure usage */
export function seedOf(
  { strategy, seed }: PlanRequest,
  { way, members: [survivor] }: ChosenWay,
  members: readonly PlannedMember[],
): string | null {
  const wanted = strategy ?? (seed === undefined ? 'all' : 'seed');
  if (way === 'replace' && wanted === 'seed') throw new Failure('usage', 'the way replace takes no seed');
  if (wanted === 'all') {
    if (seed === undefined) return null;
    throw new Failure('usage', `${seed} is named as seed, and the strategy all takes none`);
  }
  const fresh = members.filter(({ role }) => role === 'member').map(({ name }) => name);
  if (seed !== undefined && !fresh.includes(seed)) {
    throw new Failure('usage', `the seed ${seed} is no member of the new cluster`);
  }
  // Where the data already is, it need not be carried.
  return seed ?? fresh.find((name) => name === survivor) ?? fresh[0] ?? null;
}

function plannedMember({ members, attest = [], by }: PlanRequest, member: FoundMember): PlannedMember {
  const { name, sight } = member;
  const vouched = attest.find((each) => each.member === name);
  const wanted = members?.includes(name) ?? vouched === undefined;
  if (vouched === undefined) return { ...member, role: wanted ? 'member' : 'former' };
  if (wanted) {
    throw new Failure('usage', `${name} is vouched to be off, so it cannot be a member of the new cluster`);
  }
  if (sight.running !== null || sight.answers) {
    const found = sight.running === false ? 'is stopped' : 'runs';
    throw new Failure('usage', `${name} can be reached and ${found}, so nobody has to vouch for it`);
  }
  return { ...member, role: 'former', attested: { by, reason: vouched.reason } };
}
