import { isFailure } from '@holdfast/base';
import type { ListedMember, SurveyedMember } from '@holdfast/etcd/client';
import { MemberSight, type MemberDescription, type OldMember, unseen } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import { orAborted } from '../../or-aborted.ts';
import type { Connect } from '../ports.ts';
import type { TriageRequest } from './request.ts';

/** A described member as it was found. */
export type FoundMember = MemberDescription & { readonly sight: MemberSight };

/** What a member's etcd says; `survey` is undefined when none answers. */
interface Answer {
  readonly clusterId?: string;
  readonly member?: SurveyedMember;
  /** The members of its cluster; empty when it would not tell. */
  readonly listed?: readonly ListedMember[];
}

/**
 * Looks at every member in two ways: at its machine, and through its client addresses. Nothing is changed.
 *
 * @throws Failure etcd-auth, etcd-tls: an etcd answers and cannot be asked, so that nobody can tell whether there is a
 *   quorum; where a person has said in which way to restore it counts as not answering. The signal's reason.
 */
export async function findMembers(context: VerbContext, request: TriageRequest): Promise<FoundMember[]> {
  const { members } = request.description;
  const strict = request.way === undefined;
  const found = await orAborted(
    Promise.all(
      members.map(async (member) => {
        const [looked, answer] = await Promise.all([
          lookAt(context, request, member),
          askMember(request.connect, member, strict),
        ]);
        return { member, looked, answer };
      }),
    ),
    context.signal,
  );
  return found.map(({ member, looked, answer }) => {
    const own = isOwn(member, answer, found) ? answer : {};
    return { ...member, sight: MemberSight.parse(withAnswer(looked, own)) };
  });
}

async function lookAt(
  { clock, signal }: VerbContext,
  { nodes }: TriageRequest,
  member: MemberDescription,
): Promise<MemberSight> {
  try {
    return await nodes(member).observe(member, { clock, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!isFailure(error)) throw error;
    return unseen(error.why);
  }
}

/** Each member by a client of its own, so that one of another cluster is found out and hides nobody. */
async function askMember(
  connect: Connect,
  { clientUrls }: MemberDescription,
  strict: boolean,
): Promise<Answer> {
  await using client = connect(clientUrls);
  try {
    const { clusterId, members, listed } = await client.survey();
    const answering = members.filter(({ status }) => status !== undefined);
    const member = answering.find(({ linearizable }) => linearizable) ?? answering[0];
    return { clusterId, listed, ...(member && { member }) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    if (strict && (error.code === 'etcd-auth' || error.code === 'etcd-tls')) throw error;
    return {};
  }
}

/**
 * An address that leads to whoever is up (a load balancer's) makes one member answer for all: an answer counts once, for
 * the member whose name it gives, else for the first.
 */
function isOwn(
  { name }: MemberDescription,
  { member }: Answer,
  found: readonly { readonly member: MemberDescription; readonly answer: Answer }[],
): boolean {
  if (member === undefined) return false;
  const same = found.filter(({ answer }) => answer.member?.id === member.id).map((each) => each.member.name);
  return name === (same.find((each) => each === member.name) ?? same[0]);
}

/**
 * What a running etcd says of itself is newer than what its files show. But it does not tell the end of its log: its term
 * is raft's, which rises with every vote that it calls for in vain.
 */
function withAnswer(looked: MemberSight, { clusterId, member, listed = [] }: Answer): MemberSight {
  const status = member?.status;
  if (member === undefined || status === undefined) return { ...looked, answers: false, inQuorum: false };
  return {
    ...looked,
    running: true,
    answers: true,
    inQuorum: member.linearizable,
    revision: status.revision,
    appliedIndex: status.appliedIndex,
    committedIndex: status.raftIndex,
    lastIndex: looked.lastIndex === null ? null : Math.max(looked.lastIndex, status.raftIndex),
    term: looked.term ?? status.raftTerm,
    size: status.dbSize,
    clusterId: clusterId ?? null,
    memberId: status.memberId,
    listed: listed.length === 0 ? looked.listed : listed.map(asOld),
    version: looked.version ?? status.version,
  };
}

function asOld({ id, name, peerUrls, isLearner }: ListedMember): OldMember {
  return { id, name, peerUrls: [...peerUrls], isLearner };
}
