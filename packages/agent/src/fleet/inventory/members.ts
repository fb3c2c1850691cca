import { isFailure, type Clock } from '@holdfast/base';
import { orAborted, type Connect } from '@holdfast/engine';
import type { SurveyedMember } from '@holdfast/etcd/client';
import type { MemberDescription } from '@holdfast/model';
import type { Inventory } from '@holdfast/model/fleet';
import { etcdHost } from '../../host/driver.ts';

type MemberInventory = Inventory['members'][number];

/** How one member of this machine stands: whether its etcd runs, and what it says of itself. */
export async function lookAtMember(
  description: MemberDescription,
  {
    clock,
    connect,
    signal,
  }: { readonly clock: Clock; readonly connect: Connect; readonly signal: AbortSignal },
): Promise<MemberInventory> {
  const [running, own] = await Promise.all([
    etcdHost(description, clock)
      .driver.state(signal)
      .then(
        (state) => state.running,
        () => null,
      ),
    askMember(description, connect, signal),
  ]);
  signal.throwIfAborted();
  const status = own?.member.status;
  return {
    description,
    running,
    answers: status !== undefined,
    inQuorum: own?.member.linearizable ?? false,
    isLeader: status?.isLeader ?? false,
    isLearner: status?.isLearner ?? false,
    id: status?.memberId ?? null,
    clusterId: status?.clusterId ?? null,
    version: status?.version ?? null,
    revision: status?.revision ?? null,
    raftIndex: status?.raftIndex ?? null,
    dbBytes: status?.dbSize ?? null,
    alarms: status === undefined ? [] : ownAlarms(status),
  };
}

function ownAlarms({ alarms, memberId }: NonNullable<SurveyedMember['status']>): string[] {
  return [...new Set(alarms.filter((each) => each.memberId === memberId).map(({ alarm }) => alarm))];
}

async function askMember(
  { name, clientUrls }: MemberDescription,
  connect: Connect,
  signal: AbortSignal,
): Promise<{ readonly member: SurveyedMember } | undefined> {
  const client = connect(clientUrls);
  try {
    const { members } = await orAborted(client.survey(), signal);
    const answering = members.filter(({ status }) => status !== undefined);
    // An address may lead to another member: then nothing is known of this one.
    const member = answering.find((each) => each.name === name) ?? answering.find((each) => each.name === '');
    return member && { member };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return undefined;
  } finally {
    await client[Symbol.asyncDispose]();
  }
}
