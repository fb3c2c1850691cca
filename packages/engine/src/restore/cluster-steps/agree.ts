import { Failure, isFailure } from '@holdfast/base';
import type { HashKvAnswer } from '@holdfast/etcd/client';
import { sameUrls } from '@holdfast/etcd/datadir';
import type { MemberDescription, RestoreCheck } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { StepEvidence } from '../node.ts';
import type { ClusterStepOrder } from './order.ts';
import { untilDone } from './retry.ts';
import { membersInTheEnd, voicesOf, type Voice } from './voices.ts';

/**
 * Q1: waits until the members have a leader and know each other, then holds all that they say against the plan.
 *
 * @throws Failure node-failed when they contradict it, or do not come together before the end of the step
 */
export async function agree(context: VerbContext, order: ClusterStepOrder): Promise<StepEvidence> {
  const members = membersInTheEnd(order);
  try {
    const check = await untilDone(context.clock, order.endOfStep, async () => {
      await using stack = new AsyncDisposableStack();
      const voices = await voicesOf(members, order.connect, stack);
      compareCluster(order, voices);
      await compareMembers(members, voices);
      return await compareContent(order, voices, compareAlarms(order, voices));
    });
    return { checks: [check] };
  } catch (error) {
    if (isFailure(error, 'etcd-no-quorum')) throw contradiction(order, error.why);
    throw error;
  }
}

/** One cluster, the one that was planned, with one leader. */
function compareCluster(order: ClusterStepOrder, voices: readonly Voice[]): void {
  const { plan } = order;
  const expected = plan.way === 'replace' ? plan.cluster.oldId : plan.expected.clusterId;
  for (const { name, status } of voices) {
    const id = status.clusterId;
    if (expected !== null && id !== expected) {
      throw contradiction(order, `${name} is in cluster ${id} and should be in ${expected}`);
    }
    if (plan.way !== 'replace' && id === plan.cluster.oldId) {
      throw contradiction(order, `${name} is still in the old cluster ${id}`);
    }
    if (id !== voices[0]?.status.clusterId)
      throw contradiction(order, `the members are in clusters of their own`);
  }
  const leaders = new Set(voices.map(({ status }) => status.leaderId));
  if (leaders.size !== 1 || leaders.has(undefined)) throw notYet('the members have no leader yet');
}

/** Every member lists the planned ones, all with a vote. Names are published only once a member is up. */
async function compareMembers(
  members: readonly MemberDescription[],
  voices: readonly Voice[],
): Promise<void> {
  await Promise.all(
    voices.map(async ({ client, endpoint, name }) => {
      const listed = await client.memberList(endpoint);
      const missing = members.filter(
        (each) =>
          !listed.some((other) => other.name === each.name && sameUrls(other.peerUrls, each.peerUrls)),
      );
      if (missing.length > 0)
        throw notYet(`${name} does not list ${missing.map((each) => each.name).join(', ')}`);
      if (listed.length > members.length)
        throw notYet(`${name} lists ${listed.length} members instead of ${members.length}`);
      const learner = listed.find(({ isLearner }) => isLearner);
      if (learner !== undefined) throw notYet(`${name} lists ${learner.name} as a learner`);
    }),
  );
}

/** Alarms of members that are no more came with the data, and those of members that stay were there before. */
function compareAlarms(order: ClusterStepOrder, voices: readonly Voice[]): string[] {
  const { plan } = order;
  const made = voices.filter(({ name }) => plan.members.some((member) => member.name === name));
  const names = new Map(made.map(({ name, status }) => [status.memberId, name]));
  const alarms = voices.flatMap(({ status }) => status.alarms);
  for (const { memberId, alarm } of alarms) {
    const name = names.get(memberId);
    if (name !== undefined) throw contradiction(order, `${name} has raised the alarm ${alarm}`);
  }
  return [...new Set(alarms.map(({ memberId, alarm }) => `${alarm} of member ${memberId}`))];
}

/** The same keys everywhere: HashKV of all members at one revision that all have reached. */
async function compareContent(
  order: ClusterStepOrder,
  voices: readonly Voice[],
  carried: readonly string[],
): Promise<RestoreCheck> {
  const { revision, loggedIn } = await currentRevision(voices);
  const { expected, source } = order.plan;
  const least = expected.revision ?? (source.kind === 'snapshot' ? source.revision : null);
  if (least !== null && revision < least) {
    throw contradiction(order, `the members stand at revision ${revision} and should be at ${least}`);
  }
  // Compacted or not is found out by asking: after a bump nothing may have been written yet.
  const answers = await Promise.all(
    voices.map(async ({ client, endpoint }) => client.hashKv(endpoint, { revision, compactRevision: -1 })),
  );
  const hashes = voices.map(({ name, status: { memberId } }, i) => ({ name, memberId, answer: answers[i]! }));
  const evidence = {
    clusterId: voices[0]?.status.clusterId,
    revision,
    members: hashes.map(({ name, memberId, answer }) => ({ name, memberId, ...answer })),
    alarms: carried,
  };
  const compared = loggedIn || hashes.every(({ answer }) => 'hashKv' in answer);
  const unequal = compared ? differing(hashes) : undefined;
  if (unequal !== undefined) throw contradiction(order, unequal);
  const doubts = [
    ...(compared ? [] : ['the content could not be compared without a login']),
    ...(carried.length > 0 ? [`alarms were there before: ${carried.join(', ')}`] : []),
  ];
  const same = compared ? ['one leader', 'the same content'] : ['one leader'];
  return {
    id: 'Q1',
    what: 'members agree',
    outcome: doubts.length === 0 ? 'passed' : 'warned',
    detail: [`${same.join(', ')}, the planned members, one cluster id, revision ${revision}`, ...doubts].join(
      '; ',
    ),
    evidence,
  };
}

/** The revision that the quorum has agreed upon; without a login, the furthest that a member tells. */
async function currentRevision(
  voices: readonly Voice[],
): Promise<{ readonly revision: number; readonly loggedIn: boolean }> {
  let loggedIn = true;
  const told = await Promise.all(
    voices.map(async ({ client, endpoint, status }) => {
      try {
        return (await client.get(endpoint, 'holdfast', { linearizable: true })).revision;
      } catch (error) {
        if (!isFailure(error, 'etcd-auth')) throw error;
        loggedIn = false;
        return status.revision;
      }
    }),
  );
  return { revision: Math.max(...told), loggedIn };
}

function differing(hashes: readonly { name: string; answer: HashKvAnswer }[]): string | undefined {
  const known = hashes.map(({ name, answer }) => {
    if ('missing' in answer) throw notYet(`HashKV of ${name}: ${answer.missing}`);
    return { name, ...answer.hashKv };
  });
  const first = known[0];
  if (known.some(({ compactRevision }) => compactRevision !== first?.compactRevision)) {
    throw notYet('the members have not compacted to the same revision yet');
  }
  const other = known.find(({ hash }) => hash !== first?.hash);
  if (other === undefined || first === undefined) return undefined;
  return `${first.name} and ${other.name} have different content: HashKV ${first.hash} and ${other.hash} at revision ${first.revision}`;
}

/** What waiting does not mend. */
function contradiction({ plan, kind }: ClusterStepOrder, why: string): Failure {
  return new Failure('node-failed', why, { step: kind, member: plan.cluster.name, id: plan.id });
}

/** What may still come. */
function notYet(why: string): Failure {
  return new Failure('etcd-no-quorum', why);
}
