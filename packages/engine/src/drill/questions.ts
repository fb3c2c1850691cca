import { isFailure, type Clock } from '@holdfast/base';
import { connectEtcd, type Credentials, type EtcdClient, type MemberStatus } from '@holdfast/etcd/client';
import type { DrillCheck, DrillCheckName, HashKv } from '@holdfast/model';

/** What the throw-away etcd is asked, and what is expected of it. */
export interface QuestionsOptions {
  readonly endpoint: string;
  readonly auth?: Credentials;
  readonly clock: Clock;
  /** Of the snapshot: etcd's own cluster id, and where its store stands. */
  readonly snapshot: {
    readonly etcdId: string | null;
    readonly revision: number;
    readonly compactRevision: number;
  };
}

/** What it said. The count and the hash are compared with the snapshot's file afterwards. */
export interface Answers {
  readonly checks: readonly DrillCheck[];
  /** Keys alive. */
  readonly keys: number;
  /** Or why there is none. */
  readonly hashKv: { readonly hashKv: HashKv } | { readonly missing: string };
}

/** Nothing can be asked without a login, and there is none, or none that is taken. */
export interface NoLogin {
  readonly noLogin: string;
}

const sentinel = 'holdfast/drill';

/**
 * Asks for everything that a restored etcd has to be right in.
 *
 * @throws Failure when it stops answering, or refuses to read
 */
export async function askAll(options: QuestionsOptions): Promise<Answers | NoLogin> {
  const { endpoint, auth, clock, snapshot } = options;
  await using client = connectEtcd({ endpoints: [endpoint], clock, ...(auth && { auth }) });
  try {
    const keys = await client.count(endpoint);
    const status = await client.status(endpoint);
    const hashKv = await client.hashKv(endpoint, snapshot);
    const checks = [
      await membersCheck(client, endpoint, status, snapshot.etcdId),
      revisionCheck(status.revision, snapshot.revision),
      alarmsCheck(status),
      await probeCheck(client, endpoint),
    ];
    return { checks, keys, hashKv };
  } catch (error) {
    if (isFailure(error, 'etcd-auth')) return { noLogin: error.why };
    throw error;
  }
}

/** One check, as it is reported. */
export function said(check: DrillCheckName, outcome: DrillCheck['outcome'], detail: string): DrillCheck {
  return { check, outcome, detail };
}

/** A lease that ran out since the start deletes keys, and so moves the revision on. */
export function revisionCheck(revision: number, expected: number): DrillCheck {
  if (revision < expected)
    return said('revision', 'failed', `it is ${revision}, the snapshot's is ${expected}`);
  const since = revision === expected ? '' : `, ${revision - expected} since by leases that ran out`;
  return said('revision', 'passed', `${expected}, as in the snapshot${since}`);
}

async function membersCheck(
  client: EtcdClient,
  endpoint: string,
  { clusterId, isLearner }: MemberStatus,
  oldId: string | null,
): Promise<DrillCheck> {
  const { length } = await client.memberList(endpoint);
  if (length !== 1 || isLearner)
    return said('members', 'failed', `${length} members are listed, one voting member was restored`);
  return clusterId === oldId
    ? said('members', 'failed', `the cluster id is still ${oldId}, that of the old cluster`)
    : said('members', 'passed', `one voting member of the new cluster ${clusterId}`);
}

function alarmsCheck({ alarms }: MemberStatus): DrillCheck {
  const names = [...new Set(alarms.map((each) => each.alarm))].join(', ');
  return names === ''
    ? said('alarms', 'passed', 'none')
    : said('alarms', 'failed', `${names}: a restored cluster refuses writes until it is disarmed`);
}

async function probeCheck(client: EtcdClient, endpoint: string): Promise<DrillCheck> {
  const value = 'written by a drill';
  try {
    await client.put(endpoint, sentinel, value);
    const read = await client.get(endpoint, sentinel, { linearizable: true });
    const deleted = await client.deleteKey(endpoint, sentinel);
    return Buffer.from(read.value ?? []).toString() === value && deleted
      ? said('probe', 'passed', 'a key was written, read and deleted')
      : said('probe', 'failed', 'a key that was written is not read back');
  } catch (error) {
    if (isFailure(error, 'etcd-auth')) return said('probe', 'skipped', error.why);
    if (isFailure(error, 'etcd-refused')) return said('probe', 'failed', error.why);
    throw error;
  }
}
