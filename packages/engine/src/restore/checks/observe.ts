import { isFailure } from '@holdfast/base';
import { type MemberSight, type PlannedMember, unseen } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { Connect, NodeOf } from '../ports.ts';

/** How the members are reached. */
interface Ways {
  readonly nodes: NodeOf;
  readonly connect: Connect;
}

/** The members of a plan with what is to be seen of them now; nothing is changed. @throws the signal's reason */
export async function observeMembers(
  context: VerbContext,
  members: readonly PlannedMember[],
  ways: Ways,
): Promise<PlannedMember[]> {
  return await Promise.all(
    members.map(async (member) => ({ ...member, sight: await sightOf(context, member, ways) })),
  );
}

async function sightOf(
  { clock, signal }: VerbContext,
  member: PlannedMember,
  { nodes, connect }: Ways,
): Promise<MemberSight> {
  const looked = await nodes(member)
    .observe(member, { clock, signal })
    .catch((error: unknown) => {
      signal.throwIfAborted();
      if (isFailure(error)) return unseen(error.why);
      throw error;
    });
  const { version, ...answers } = await answersOf(member, connect);
  return { ...looked, ...answers, version: looked.version ?? version };
}

async function answersOf(
  { clientUrls }: PlannedMember,
  connect: Connect,
): Promise<Pick<MemberSight, 'answers' | 'inQuorum' | 'version'>> {
  await using client = connect(clientUrls);
  try {
    const { members } = await client.survey();
    const answering = members.filter(({ unreachable }) => unreachable === undefined);
    return {
      answers: answering.length > 0,
      inQuorum: answering.some(({ linearizable }) => linearizable),
      version: answering[0]?.status?.version ?? null,
    };
  } catch (error) {
    if (!isFailure(error)) throw error;
    // A member that asks for another login answers all the same.
    return { answers: error.code === 'etcd-auth', inQuorum: false, version: null };
  }
}
