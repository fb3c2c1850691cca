import { crc32c } from '../crc32c/index.ts';
import { raftSnapshot, firstTerm } from '../raft/messages.ts';
import { bytesField, integerField } from '../raft/protobuf.ts';
import type { NewCluster } from './membership/new-cluster.ts';
import { v2StoreJson } from './membership/v2-store.ts';

/** The raft snapshot file of a cluster just born: at index N, the number of its members. */
export function encodeSnapFile(cluster: NewCluster): { readonly name: string; readonly bytes: Buffer } {
  const index = cluster.members.length;
  const data = raftSnapshot(
    Buffer.from(v2StoreJson(cluster)),
    index,
    cluster.members.map((member) => member.id),
  );
  return {
    name: `${hex16(firstTerm)}-${hex16(index)}.snap`,
    bytes: Buffer.concat([integerField(1, crc32c(data, 0)), bytesField(2, data)]),
  };
}

function hex16(n: number): string {
  return n.toString(16).padStart(16, '0');
}
