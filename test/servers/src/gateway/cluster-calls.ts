import { numberField, readNumbers } from './protobuf.ts';
import type { GatewayTransport } from './transport.ts';
import { base64 } from './values.ts';

/** What a member says of itself. */
export interface MemberStatus {
  readonly version: string;
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly leader: bigint;
  readonly revision: number;
  readonly raftIndex: bigint;
  readonly raftTerm: bigint;
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  readonly isLearner: boolean;
}

/** A member as the cluster lists it. */
export interface ListedMember {
  readonly id: bigint;
  /** Empty until it has started once. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/** The calls about the member, the cluster, and who may do what. */
export interface ClusterCalls {
  status(): Promise<MemberStatus>;
  /** Of this member's history up to a revision, or to the current one; nothing compacted yet is -1. */
  hashKv(revision?: number): Promise<{ hash: number; compactRevision: number }>;
  /** Physical: answers when the old revisions are gone from the file. */
  compact(revision: number): Promise<void>;
  defragment(): Promise<void>;
  alarms(): Promise<{ memberId: bigint; alarm: string }[]>;
  memberList(): Promise<ListedMember[]>;
  memberAdd(peerUrl: string, isLearner: boolean): Promise<{ id: bigint }>;
  memberRemove(id: bigint): Promise<void>;
  userAdd(name: string, password: string): Promise<void>;
  userGrantRole(name: string, role: string): Promise<void>;
  users(): Promise<string[]>;
  roleAdd(name: string): Promise<void>;
  roleGrant(
    name: string,
    permission: 'READ' | 'WRITE' | 'READWRITE',
    key: string,
    end?: string,
  ): Promise<void>;
  roles(): Promise<string[]>;
  authEnable(): Promise<void>;
}

type Post = Pick<GatewayTransport, 'post'>;
type PostAndGrpc = Pick<GatewayTransport, 'post' | 'grpc'>;

const longMs = 300_000;

/** The calls about the member, the cluster, and who may do what, over one member's gateway. */
export function clusterCalls(transport: PostAndGrpc): ClusterCalls {
  return { ...maintenanceCalls(transport), ...memberCalls(transport), ...authCalls(transport) };
}

function maintenanceCalls({
  post,
  grpc,
}: PostAndGrpc): Pick<ClusterCalls, 'status' | 'hashKv' | 'compact' | 'defragment' | 'alarms'> {
  return {
    async status() {
      const answer = await post<{
        header: { cluster_id: string; member_id: string; revision?: string };
        version: string;
        leader?: string;
        raftIndex?: string;
        raftTerm?: string;
        dbSize?: string;
        dbSizeInUse?: string;
        isLearner?: boolean;
      }>('/v3/maintenance/status', {});
      return {
        version: answer.version,
        clusterId: BigInt(answer.header.cluster_id),
        memberId: BigInt(answer.header.member_id),
        leader: BigInt(answer.leader ?? 0),
        revision: Number(answer.header.revision ?? 0),
        raftIndex: BigInt(answer.raftIndex ?? 0),
        raftTerm: BigInt(answer.raftTerm ?? 0),
        dbSize: Number(answer.dbSize ?? 0),
        dbSizeInUse: Number(answer.dbSizeInUse ?? 0),
        isLearner: answer.isLearner ?? false,
      };
    },
    async hashKv(revision = 0) {
      // The JSON gateway has no such call before 3.5.
      const answer = readNumbers(await grpc('/etcdserverpb.Maintenance/HashKV', numberField(1, revision)));
      return { hash: Number(answer.get(2) ?? 0), compactRevision: Number(answer.get(3) ?? 0) };
    },
    async compact(revision) {
      await post('/v3/kv/compaction', { revision: `${revision}`, physical: true }, longMs);
    },
    async defragment() {
      await post('/v3/maintenance/defragment', {}, longMs);
    },
    async alarms() {
      const answer = await post<{ alarms?: { memberID: string; alarm: string }[] }>('/v3/maintenance/alarm', {
        action: 'GET',
      });
      return (answer.alarms ?? []).map(({ memberID, alarm }) => ({ memberId: BigInt(memberID), alarm }));
    },
  };
}

function memberCalls({ post }: Post): Pick<ClusterCalls, 'memberList' | 'memberAdd' | 'memberRemove'> {
  return {
    async memberList() {
      const answer = await post<{
        members: {
          ID: string;
          name?: string;
          peerURLs?: string[];
          clientURLs?: string[];
          isLearner?: boolean;
        }[];
      }>('/v3/cluster/member/list', {});
      return answer.members.map((member) => ({
        id: BigInt(member.ID),
        name: member.name ?? '',
        peerUrls: member.peerURLs ?? [],
        clientUrls: member.clientURLs ?? [],
        isLearner: member.isLearner ?? false,
      }));
    },
    async memberAdd(peerUrl, isLearner) {
      const answer = await post<{ member: { ID: string } }>('/v3/cluster/member/add', {
        peerURLs: [peerUrl],
        isLearner,
      });
      return { id: BigInt(answer.member.ID) };
    },
    async memberRemove(id) {
      await post('/v3/cluster/member/remove', { ID: `${id}` });
    },
  };
}

function authCalls({
  post,
}: Post): Pick<
  ClusterCalls,
  'userAdd' | 'userGrantRole' | 'users' | 'roleAdd' | 'roleGrant' | 'roles' | 'authEnable'
> {
  return {
    async userAdd(name, password) {
      await post('/v3/auth/user/add', { name, password });
    },
    async userGrantRole(name, role) {
      await post('/v3/auth/user/grant', { user: name, role });
    },
    async users() {
      return (await post<{ users?: string[] }>('/v3/auth/user/list', {})).users ?? [];
    },
    async roleAdd(name) {
      await post('/v3/auth/role/add', { name });
    },
    async roleGrant(name, permission, key, end) {
      const range_end = end === undefined ? {} : { range_end: base64(end) };
      await post('/v3/auth/role/grant', {
        name,
        perm: { permType: permission, key: base64(key), ...range_end },
      });
    },
    async roles() {
      return (await post<{ roles?: string[] }>('/v3/auth/role/list', {})).roles ?? [];
    },
    async authEnable() {
      await post('/v3/auth/enable', {});
    },
  };
}
