import { Failure, isFailure } from '@holdfast/base';
import type { ListedMember } from '@holdfast/etcd/client';
import { sameUrls } from '@holdfast/etcd/datadir';
import type { MemberDescription, RestorePlan } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { StepEvidence } from '../node.ts';
import type { Connect, NodeOf } from '../ports.ts';
import { answering } from './voices.ts';

/** The restored cluster, and how it is looked at. */
interface Restored {
  readonly plan: RestorePlan;
  /** What Q1 noted of it, when its members agreed. */
  readonly agreed: StepEvidence;
  readonly nodes: NodeOf;
  readonly connect: Connect;
}

/** A member as etcd or its data lists it. */
type Listed = Pick<ListedMember, 'id' | 'name' | 'peerUrls'>;

/** What one member shows of the cluster. */
interface Look {
  readonly listed: readonly Listed[];
  /** Whether the quorum stands behind it. */
  readonly proven: boolean;
  /** Why its machine could not be looked at; undefined when it could. */
  readonly unseen: string | undefined;
}

/**
 * Who has joined the restored cluster since its members agreed: nobody stops them when the old data is put back, and they
 * would serve on beside it. A quorum is believed; without one, all that the members and their data list, as long as every
 * member's machine can be looked at: one that cannot may serve with others.
 *
 * @throws Failure restore-state when another cluster answers, or nobody can tell; the signal's reason
 */
export async function joinedSince(context: VerbContext, restored: Restored): Promise<readonly Listed[]> {
  const { plan } = restored;
  const members = plan.members.filter(({ role }) => role === 'member');
  const looks = await Promise.all(members.map(async (member) => lookAt(context, restored, member)));
  const unseen = looks.find((look) => look.unseen !== undefined)?.unseen;
  if (unseen !== undefined && !looks.some(({ proven }) => proven)) {
    const why = `whether others have joined the restored cluster cannot be told: it does not answer, and ${unseen}`;
    throw new Failure('restore-state', why, { id: plan.id });
  }
  const ids = agreedIds(restored);
  const isOwn = ({ id, peerUrls }: Listed): boolean =>
    ids.size > 0 ? ids.has(id) : members.some((member) => sameUrls(member.peerUrls, peerUrls));
  const all = looks.flatMap(({ listed }) => listed);
  return all.filter((each, i) => !isOwn(each) && all.findIndex(({ id }) => id === each.id) === i);
}

async function lookAt(
  { clock, signal }: VerbContext,
  restored: Restored,
  member: MemberDescription,
): Promise<Look> {
  const [asked, sight] = await Promise.all([
    ask(restored, member),
    restored
      .nodes(member)
      .observe(member, { clock, signal })
      .catch((error: unknown) => {
        signal.throwIfAborted();
        if (isFailure(error)) return error.why;
        throw error;
      }),
  ]);
  if (typeof sight === 'string') return { ...asked, unseen: `${member.name} cannot be looked at: ${sight}` };
  const isOld = sight.clusterId !== null && sight.clusterId !== clusterIdOf(restored);
  return {
    listed: [...asked.listed, ...(isOld ? [] : (sight.listed ?? []))],
    proven: asked.proven,
    unseen: sight.running === null ? `whether ${member.name} runs cannot be told` : undefined,
  };
}

/** What its etcd says; nothing when it does not. */
async function ask(
  restored: Restored,
  { name, clientUrls }: MemberDescription,
): Promise<Pick<Look, 'listed' | 'proven'>> {
  await using client = restored.connect(clientUrls);
  try {
    const { endpoint, status } = await answering(client);
    const expected = clusterIdOf(restored);
    if (expected !== null && status.clusterId !== expected) {
      const why = `${name} answers for cluster ${status.clusterId}, and ${expected} was restored: what serves there now is not what this restore made`;
      throw new Failure('restore-state', why, { id: restored.plan.id });
    }
    // In this order: the list then has whoever was added before the read.
    const proven = status.leaderId !== undefined && (await client.linearizableRead(endpoint));
    return { listed: await client.memberList(endpoint), proven };
  } catch (error) {
    if (!isFailure(error) || error.code === 'restore-state') throw error;
    return { listed: [], proven: false };
  }
}

function clusterIdOf({ agreed, plan }: Restored): string | null {
  const { clusterId } = agreementOf(agreed);
  return typeof clusterId === 'string' ? clusterId : plan.expected.clusterId;
}

function agreedIds({ agreed }: Restored): ReadonlySet<string> {
  const { members } = agreementOf(agreed);
  const all: readonly { memberId?: unknown }[] = Array.isArray(members) ? members : [];
  return new Set(all.flatMap(({ memberId }) => (typeof memberId === 'string' ? [memberId] : [])));
}

function agreementOf({ checks }: StepEvidence): StepEvidence {
  const [q1] = Array.isArray(checks) ? (checks as { evidence?: StepEvidence }[]) : [];
  return q1?.evidence ?? {};
}
