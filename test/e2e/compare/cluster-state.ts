import { readFile } from 'node:fs/promises';
import { openImage, openFileSource, readBuckets, readEntries } from '@holdfast/etcd/bolt';
import type { EtcdCluster, KeyValue } from '@holdfast/test-servers';

/** All that clients can see of a cluster, in a form that `expect(a).toEqual(b)` compares and prints. */
export interface ClusterState {
  readonly clusterId: bigint;
  readonly revision: number;
  readonly keys: readonly string[];
  /** Of every member; they agree. */
  readonly hashKv: { readonly hash: number; readonly compactRevision: number };
  readonly members: readonly string[];
  readonly leases: readonly string[];
  /** With their roles, and with their permissions. */
  readonly users: readonly string[];
  readonly roles: readonly string[];
  readonly alarms: readonly string[];
}

/** Reads the state of a healthy cluster. */
export async function clusterState(cluster: EtcdCluster): Promise<ClusterState> {
  const gateway = cluster.gateway();
  const { revision, keyValues } = await gateway.rangeAll();
  const hashes = await Promise.all(
    cluster.members.map(async (_, i) => ({ i, ...(await settledHash(cluster, i)) })),
  );
  const [{ hash, compactRevision } = { hash: -1, compactRevision: -1 }] = hashes;
  const different = hashes.find((each) => each.hash !== hash || each.compactRevision !== compactRevision);
  if (different !== undefined) throw new Error(`member ${different.i} has another HashKV than member 0`);
  const leases = (await gateway.leases()).toSorted((a, b) => (a < b ? -1 : 1));
  const users = await gateway.users();
  const roles = await gateway.roles();
  const post = async (path: string, body: object): Promise<string> => {
    const { header: _, ...answer } = await gateway.post<{ header?: object }>(path, body);
    return `${JSON.stringify(body)}: ${JSON.stringify(answer)}`;
  };
  return {
    clusterId: (await gateway.status()).clusterId,
    revision,
    keys: keyValues.map(describe),
    hashKv: { hash, compactRevision },
    members: (await gateway.memberList())
      .map(({ id, name, peerUrls, isLearner }) => `${id} ${name} ${peerUrls.join(',')} ${isLearner}`)
      .toSorted(),
    leases: await Promise.all(
      leases.map(async (id) => {
        const { grantedTtl, keys } = await gateway.leaseTimeToLive(id);
        return `${id} ${grantedTtl}: ${keys.map(String).toSorted().join(' ')}`;
      }),
    ),
    users: await Promise.all(users.map(async (name) => post('/v3/auth/user/get', { name }))),
    roles: await Promise.all(roles.map(async (role) => post('/v3/auth/role/get', { role }))),
    alarms: (await gateway.alarms()).map(({ memberId, alarm }) => `${memberId} ${alarm}`),
  };
}

/**
 * Of the current revision, which a member has applied once it has answered a read; 3.4 refuses to be asked for it by
 * its number when all before it is compacted.
 */
async function settledHash(
  cluster: EtcdCluster,
  member: number,
): Promise<{ hash: number; compactRevision: number }> {
  await cluster.gateway(member).range({ key: 'x', limit: 1 });
  return cluster.gateway(member).hashKv();
}

function describe({ key, value, createRevision, modRevision, version, lease }: KeyValue): string {
  const text =
    value.length > 64
      ? `${value.length} bytes ${value.subarray(-32).toString('hex')}`
      : value.toString('hex');
  return `${key.toString()} = ${text} (created ${createRevision}, changed ${modRevision}, version ${version}, lease ${lease})`;
}

/** Every pair of a db file as `bucket/key = value` in hexadecimal, but those whose `bucket/key` begins as said. */
export async function pairsOf(file: string, leftOut: readonly string[] = []): Promise<string[]> {
  const source = openFileSource(file);
  try {
    const image = await openImage(source);
    const pairs: string[] = [];
    for (const bucket of (await readBuckets(image)).values()) {
      pairs.push(bucket.name);
      for await (const { key, value } of readEntries(image, bucket)) {
        const name = `${bucket.name}/${Buffer.from(key).toString('latin1')}`;
        if (leftOut.some((beginning) => name.startsWith(beginning))) continue;
        pairs.push(
          `${bucket.name}/${Buffer.from(key).toString('hex')} = ${Buffer.from(value).toString('hex')}`,
        );
      }
    }
    return pairs;
  } finally {
    source.close();
  }
}

/** The bytes of a member's only WAL file. */
export async function firstWalOf(walDir: string): Promise<Buffer> {
  return readFile(`${walDir}/${'0'.repeat(16)}-${'0'.repeat(16)}.wal`);
}
