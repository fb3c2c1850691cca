import { Failure } from '@holdfast/base';
import type { ListedMember } from '@holdfast/etcd/client';
import { sameUrls } from '@holdfast/etcd/datadir';
import type { PlannedMember } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { StepEvidence } from '../node.ts';
import type { ClusterStepOrder } from './order.ts';
import { untilDone } from './retry.ts';
import { askAny, firstMembers } from './voices.ts';

/** Takes a lost member out of the cluster that runs; one that is not listed any more is out. */
export async function removeLost(context: VerbContext, order: ClusterStepOrder): Promise<StepEvidence> {
  const member = memberOf(order);
  return await untilDone(context.clock, order.endOfStep, async () =>
    askAny(firstMembers(order), order.connect, async (client, endpoint) => {
      const listed = lostOf(await client.memberList(endpoint), member);
      if (listed === undefined) return { memberId: member.sight.memberId, removed: false };
      await client.memberRemove(endpoint, listed.id);
      return { memberId: listed.id, removed: true };
    }),
  );
}

/**
 * Whether the cluster that runs on still lists a lost member, as its quorum knows it.
 *
 * @throws Failure etcd-no-quorum, or as EtcdClient does, when nobody can tell
 */
export async function isStillListed(
  { plan, connect }: Pick<ClusterStepOrder, 'plan' | 'connect'>,
  member: PlannedMember,
): Promise<boolean> {
  return await askAny(firstMembers({ plan }), connect, async (client, endpoint) => {
    // In this order: the list then lacks whoever was removed before the read.
    if (!(await client.linearizableRead(endpoint))) {
      throw new Failure('etcd-no-quorum', `${endpoint} is not part of a quorum`);
    }
    const listed = await client.memberList(endpoint);
    // One that a person has added again at its address is another member, and its old data is worth nothing.
    const { memberId } = member.sight;
    return memberId === null
      ? lostOf(listed, member) !== undefined
      : listed.some(({ id }) => id === memberId);
  });
}

/** Adds the member as a learner, unless it is listed already; tells what its etcd is to be started with. */
export async function joinMember(context: VerbContext, order: ClusterStepOrder): Promise<StepEvidence> {
  const member = memberOf(order);
  return await untilDone(context.clock, order.endOfStep, async () =>
    askAny(firstMembers(order), order.connect, async (client, endpoint) => {
      const before = await client.memberList(endpoint);
      const known = before.find(({ peerUrls }) => sameUrls(peerUrls, member.peerUrls));
      const { id } =
        known ?? (await client.memberAdd(endpoint, { peerUrls: member.peerUrls, isLearner: true }));
      const others = before.filter((each) => each.id !== id);
      return { memberId: id, initialCluster: initialClusterOf(others, member) };
    }),
  );
}

/** Gives the learner its vote, as soon as etcd finds that it has all data. */
export async function promoteLearner(context: VerbContext, order: ClusterStepOrder): Promise<StepEvidence> {
  const member = memberOf(order);
  const began = context.clock.monotonic();
  const memberId = order.found('join', member.name)?.['memberId'];
  return await untilDone(context.clock, order.endOfStep, async () =>
    askAny(firstMembers(order), order.connect, async (client, endpoint) => {
      const listed = (await client.memberList(endpoint)).find(({ id }) => id === memberId);
      if (listed === undefined) {
        const why = `the member ${String(memberId)} that was added is not listed any more`;
        throw new Failure('node-failed', why, { step: order.kind, member: member.name, id: order.plan.id });
      }
      if (listed.isLearner) await client.memberPromote(endpoint, listed.id);
      return { memberId: listed.id, waitedMs: Math.round(context.clock.monotonic() - began) };
    }),
  );
}

function memberOf({ member, kind }: ClusterStepOrder): PlannedMember {
  if (member === undefined) throw new Error(`step ${kind} is about a member`);
  return member;
}

/** By its id, where its data still told that; else by where it is listed, for data may be that of an older cluster. */
function lostOf(listed: readonly ListedMember[], member: PlannedMember): ListedMember | undefined {
  return (
    listed.find(({ id }) => id === member.sight.memberId) ??
    listed.find(({ name, peerUrls }) => name === member.name || sameUrls(peerUrls, member.peerUrls))
  );
}

/**
 * What etcd wants to be told of the cluster that it joins: the addresses of every listed member. It compares the
 * addresses only (membership.ValidateClusterAndAssignIDs), so a member that has not told its name yet gets its id as one.
 */
function initialClusterOf(others: readonly ListedMember[], member: PlannedMember): string {
  return [...others.map(({ id, name, peerUrls }) => ({ name: name === '' ? id : name, peerUrls })), member]
    .flatMap(({ name, peerUrls }) => peerUrls.map((url) => `${name}=${url}`))
    .join(',');
}
