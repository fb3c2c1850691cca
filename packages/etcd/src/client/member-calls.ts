import { formatHex64, parseHex64 } from '@holdfast/base';
import { Cluster, type Member } from './gen/etcd_pb.ts';
import type { Peer } from './peer.ts';

/** A member as the cluster's member list has it; a name of '' has not started yet. */
export interface ListedMember {
  readonly id: string;
  readonly name: string;
  readonly isLearner: boolean;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
}

/** A member to be added: where the others reach it, and whether it has no vote at first. */
export interface NewListedMember {
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

/** The members as this one knows them, without asking the others. */
export async function listMembers(peer: Peer): Promise<ListedMember[]> {
  const { members } = await peer.ask(Cluster.method.memberList, {});
  return members.map(listed);
}

/** Adds a member; tells it as it is listed now, still without a name. */
export async function addMember(peer: Peer, { peerUrls, isLearner }: NewListedMember): Promise<ListedMember> {
  const { member } = await peer.ask(Cluster.method.memberAdd, { peerURLs: [...peerUrls], isLearner });
  if (member === undefined) throw new Error('etcd added a member without saying which');
  return listed(member);
}

/** Gives a learner its vote; etcd refuses while it is not in step with the leader. */
export async function promoteMember(peer: Peer, id: string): Promise<void> {
  await peer.ask(Cluster.method.memberPromote, { ID: idOf(id) });
}

/** Removes a member for good: one of the same address must be added anew. */
export async function removeMember(peer: Peer, id: string): Promise<void> {
  await peer.ask(Cluster.method.memberRemove, { ID: idOf(id) });
}

function listed(member: Member): ListedMember {
  return {
    id: formatHex64(member.ID),
    name: member.name,
    isLearner: member.isLearner,
    peerUrls: member.peerURLs,
    clientUrls: member.clientURLs,
  };
}

function idOf(text: string): bigint {
  const id = parseHex64(text);
  if (id === undefined) throw new Error(`${text} is not the id of a member`);
  return id;
}
