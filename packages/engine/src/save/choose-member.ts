import { Failure } from '@holdfast/base';
import type { MemberStatus } from '@holdfast/etcd/client';
import { chooseMember, type MemberChoice } from '@holdfast/model';
import type { SaveOptions } from './save-options.ts';

/** The member that is saved from, with its state. @throws Failure usage, etcd-no-quorum, etcd-unhealthy, etcd-unreachable */
export async function chosenMember({
  client,
  endpoint,
  allowDegraded,
}: Pick<SaveOptions, 'client' | 'endpoint' | 'allowDegraded'>): Promise<{
  choice: MemberChoice;
  status: MemberStatus;
}> {
  if (endpoint !== undefined && !client.endpoints.includes(endpoint)) {
    throw new Failure('usage', `${endpoint} is not among the endpoints ${client.endpoints.join(', ')}`);
  }
  const { members } = await client.survey();
  const choice = chooseMember(members, {
    ...(endpoint !== undefined && { endpoint }),
    ...(allowDegraded !== undefined && { allowDegraded }),
  });
  if (choice.outcome === 'refused') {
    throw new Failure(choice.code, choice.why, { endpoint: endpoint ?? client.endpoints.join(', ') });
  }
  const status = members.find((each) => each === choice.member)?.status;
  if (status === undefined) throw new Error(`${choice.member.endpoint} was chosen and never answered`);
  return { choice, status };
}
