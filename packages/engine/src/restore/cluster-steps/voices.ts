import { Failure, isFailure } from '@holdfast/base';
import type { EtcdClient, MemberStatus } from '@holdfast/etcd/client';
import type { MemberDescription } from '@holdfast/model';
import type { Connect } from '../ports.ts';
import type { ClusterStepOrder } from './order.ts';

/** A member that runs, and how it is asked. */
export interface Voice {
  readonly name: string;
  readonly client: EtcdClient;
  readonly endpoint: string;
  readonly status: MemberStatus;
}

/** The members that the cluster has in the end: those of the plan, and those that stay as they are. */
export function membersInTheEnd({ plan }: ClusterStepOrder): readonly MemberDescription[] {
  return [...(plan.staying ?? []), ...plan.members.filter(({ role }) => role === 'member')];
}

/** The members that run before any has joined: those that stay, the seed, or all that were built. */
export function firstMembers({ plan }: Pick<ClusterStepOrder, 'plan'>): readonly MemberDescription[] {
  const first =
    plan.way === 'replace'
      ? (plan.staying ?? [])
      : plan.members.filter(
          ({ name, role }) => role === 'member' && (plan.strategy === 'all' || name === plan.seed),
        );
  if (first.length > 0) return first;
  const why = 'the plan does not tell which members run on and could be asked';
  throw new Failure('restore-refused', why, { cluster: plan.cluster.name });
}

/** Asks each member for its status, each through its own client; all clients end with the stack. */
export async function voicesOf(
  members: readonly MemberDescription[],
  connect: Connect,
  stack: AsyncDisposableStack,
): Promise<Voice[]> {
  return await Promise.all(
    members.map(async ({ name, clientUrls }) => {
      const client = stack.use(connect(clientUrls));
      return { name, client, ...(await answering(client)) };
    }),
  );
}

/** The first of a member's addresses that answers. @throws the Failure of the last one */
export async function answering(client: EtcdClient): Promise<Pick<Voice, 'endpoint' | 'status'>> {
  let failure: unknown = new Failure('etcd-unreachable', 'no address of it is known', { endpoint: '' });
  for (const endpoint of client.endpoints) {
    try {
      return { endpoint, status: await client.status(endpoint) };
    } catch (error) {
      if (!isFailure(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** Has a question answered by the first of the members that can. @throws the Failure of the last one */
export async function askAny<T>(
  members: readonly MemberDescription[],
  connect: Connect,
  ask: (client: EtcdClient, endpoint: string) => Promise<T>,
): Promise<T> {
  await using client = connect(members.flatMap(({ clientUrls }) => clientUrls));
  let failure: unknown;
  for (const endpoint of client.endpoints) {
    try {
      return await ask(client, endpoint);
    } catch (error) {
      if (!isFailure(error)) throw error;
      failure = error;
      if (error.code !== 'etcd-unreachable') break;
    }
  }
  throw failure;
}
