import { Failure, isFailure } from '@holdfast/base';
import type { MemberView } from '@holdfast/model';
import type { EtcdClient } from './client.ts';
import type { ListedMember } from './member-calls.ts';
import type { MemberStatus } from './member-status.ts';

/** One endpoint as found: what the choice of a member needs, and the whole status where it answered. */
export interface SurveyedMember extends MemberView {
  readonly status?: MemberStatus;
}

/** The cluster as seen through all endpoints at one moment. */
export interface Survey {
  /** etcd's cluster id. */
  readonly clusterId: string;
  /** One for each endpoint, in the order given. */
  readonly members: readonly SurveyedMember[];
  /** The cluster's own member list; empty when nobody could tell it. */
  readonly listed: readonly ListedMember[];
}

interface Sight {
  readonly endpoint: string;
  readonly failure?: Failure;
  readonly status?: MemberStatus;
  readonly linearizable: boolean;
  readonly listed: readonly ListedMember[];
}

/**
 * Asks all endpoints at once. One that does not answer is told as data, and so are lag, alarms and a lost quorum. A
 * member that is electing a leader at this moment is told as being in no quorum: who has to know waits and asks again.
 *
 * @throws Failure when nobody answers: etcd-auth or etcd-tls when that is the reason of any, else etcd-unreachable;
 * etcd-auth when etcd asks for a user; usage when the endpoints belong to different clusters
 */
export async function surveyMembers(client: EtcdClient): Promise<Survey> {
  const sights = await Promise.all(client.endpoints.map(async (endpoint) => await look(client, endpoint)));
  const answering = sights.flatMap(({ endpoint, status }) =>
    status === undefined ? [] : [{ endpoint, status }],
  );
  const first = answering[0];
  if (first === undefined) throw nobodyAnswers(sights);
  const stranger = answering.find((each) => each.status.clusterId !== first.status.clusterId);
  if (stranger !== undefined) {
    throw new Failure(
      'usage',
      `${first.endpoint} and ${stranger.endpoint} belong to different etcd clusters`,
    );
  }
  const listed = sights.find((each) => each.listed.length > 0)?.listed ?? [];
  const alarms = answering.flatMap((each) => each.status.alarms);
  const members = sights.map(({ endpoint, failure, status, linearizable }): SurveyedMember => {
    const id = status?.memberId ?? '';
    const own = alarms.filter((each) => each.memberId === id).map((each) => each.alarm);
    return {
      endpoint,
      id,
      name: listed.find((each) => each.id === id)?.name ?? '',
      isLeader: status?.isLeader ?? false,
      isLearner: status?.isLearner ?? false,
      appliedIndex: status?.appliedIndex ?? 0,
      revision: status?.revision ?? 0,
      alarms: [...new Set(own)],
      linearizable,
      ...(status?.leaderId !== undefined && { leaderId: status.leaderId }),
      ...(status && { status }),
      ...(failure && { unreachable: failure.why }),
    };
  });
  return { clusterId: first.status.clusterId, members, listed };
}

async function look(client: EtcdClient, endpoint: string): Promise<Sight> {
  const status = await client.status(endpoint).catch(failureOnly);
  if (isFailure(status)) return { endpoint, failure: status, linearizable: false, listed: [] };
  const [linearizable, listed] = await Promise.all([
    // Without a leader such a read only waits until its time is over, be it for a login: etcd asks the quorum first.
    status.leaderId === undefined ? false : client.linearizableRead(endpoint),
    client.memberList(endpoint).catch(failureOnly),
  ]);
  return { endpoint, status, linearizable, listed: isFailure(listed) ? [] : listed };
}

function failureOnly(error: unknown): Failure {
  if (isFailure(error)) return error;
  throw error;
}

function nobodyAnswers(sights: readonly Sight[]): Failure {
  const failures = sights.flatMap((each) => each.failure ?? []);
  const worst =
    failures.find((each) => each.code === 'etcd-auth') ??
    failures.find((each) => each.code === 'etcd-tls') ??
    failures[0];
  if (worst === undefined || failures.length === 1)
    return worst ?? new Failure('etcd-unreachable', 'no endpoint');
  const why = sights.map((each) => `${each.endpoint}: ${each.failure?.why}`).join('; ');
  return new Failure(
    worst.code,
    why,
    { endpoint: sights.map((each) => each.endpoint).join(', ') },
    { cause: worst },
  );
}
