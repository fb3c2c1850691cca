import type { NewMember } from './new-cluster.ts';

/**
 * JSON as Go's encoding/json spells it, byte for byte: `<`, `>`, `&` and the two line separators escaped. Ids are
 * larger than a JavaScript number holds, so texts are put together by hand.
 */
function goString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const list = (items: readonly string[]): string => `[${items.join(',')}]`;

/** A member's attributes in raft: its peer URLs (membership.RaftAttributes). */
export function raftAttributesJson(member: NewMember): string {
  return `{"peerURLs":${list(member.peerUrls.map(goString))}}`;
}

/** A member before it has published its client URLs (membership.Member). */
export function memberJson(member: NewMember): string {
  const name = member.name === '' ? '' : `,"name":${goString(member.name)}`;
  return `{"id":${member.id},"peerURLs":${list(member.peerUrls.map(goString))}${name}}`;
}

/** The voters as etcd keeps them in its db (raftpb.ConfState as JSON). */
export function confStateJson(voters: readonly bigint[]): string {
  return `{"voters":${list(voters.map(String))},"auto_leave":false}`;
}
