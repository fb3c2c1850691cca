import { etcdMinors, etcdOrSkip, startCluster, type EtcdCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientOf } from './testing/client-of-cluster.ts';
import type { EtcdClient } from './client.ts';

const at = (revision: number, compactRevision = -1) => ({ revision, compactRevision });

describe.each(etcdMinors)('etcd %s with TLS, login and a learner', async (version) => {
  const { skip } = await etcdOrSkip(version);
  let cluster: EtcdCluster;
  let client: EtcdClient;
  let all: string[];

  beforeAll(async () => {
    if (skip) return;
    cluster = await startCluster({ version, members: 3, tls: true, auth: true, learner: true });
    all = cluster.members.map((each) => each.clientUrl);
    client = await clientOf(cluster, { endpoints: all });
  });
  afterAll(async () => {
    await client?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  test.skipIf(skip)('a survey shows every member as it is', async () => {
    await cluster.gateway().put('/a', '1');
    const { clusterId, members, listed } = await client.survey();
    const leader = await cluster.leaderIndex();
    const own = await cluster.gateway().status();
    expect(clusterId).toBe(own.clusterId.toString(16));
    expect(members.map((each) => each.endpoint)).toEqual(all);
    expect(members.slice(0, 3).map((each) => each.name)).toEqual(
      cluster.members.slice(0, 3).map((each) => each.name),
    );
    expect(members.map((each) => each.isLeader)).toEqual([0, 1, 2, 3].map((index) => index === leader));
    expect(members.map((each) => each.isLearner)).toEqual([false, false, false, true]);
    expect(members.map((each) => each.linearizable)).toEqual([true, true, true, false]);
    expect(new Set(members.map((each) => each.leaderId))).toEqual(new Set([members[leader]!.id]));
    expect(listed.filter((each) => each.isLearner)).toHaveLength(1);
    expect(listed).toHaveLength(4);
    const status = members[0]!.status!;
    expect(status.version).toBe(cluster.version);
    // It follows the server's own version some seconds after the start.
    if (version < '3.6') expect(status.storageVersion).toBeNull();
    else expect(status.storageVersion).toMatch(/^3\.\d\.0$/);
    expect(status).toMatchObject({
      dbSize: own.dbSize,
      revision: own.revision,
      raftTerm: Number(own.raftTerm),
    });
  });

  test.skipIf(skip)('HashKV is the one that the member itself tells', async () => {
    const revisions = [];
    for (let i = 0; i < 5; i++) revisions.push(await cluster.gateway().put('/b', `${i}`));
    const { revision } = await client.status(all[0]!);
    const expected = await cluster.gateway().hashKv(revision - 1);
    expect(await client.hashKv(all[0]!, at(revision - 1))).toEqual({
      hashKv: { revision: revision - 1, ...expected },
    });
    await cluster.gateway().compact(revision);
    expect(await client.hashKv(all[0]!, at(revision - 1))).toEqual({
      missing: `revision ${revision - 1} has been compacted, and the member has gone on`,
    });
    const current = await cluster.gateway().hashKv(0);
    expect(await client.hashKv(all[0]!, at(revision, revision))).toEqual({
      hashKv: { revision, compactRevision: revision, hash: current.hash },
    });
    expect(await client.hashKv(all[0]!, at(revision + 99))).toEqual({
      missing: expect.stringContaining('future revision'),
    });
  });

  test.skipIf(skip)('a member that forgot the token is logged in to again', async () => {
    await cluster.stop(1);
    await cluster.start(1);
    await cluster.waitHealthy();
    expect(await client.linearizableRead(all[1]!)).toBe(true);
    const { members } = await client.survey();
    expect(members.every((each) => each.unreachable === undefined)).toBe(true);
  });

  test.skipIf(skip)('an alarm is told by its member', async () => {
    const { members } = await client.survey();
    const memberID = BigInt(`0x${members[2]!.id}`).toString();
    await cluster.gateway().post('/v3/maintenance/alarm', { action: 'ACTIVATE', alarm: 'CORRUPT', memberID });
    await expect
      .poll(async () => (await client.survey()).members.map((each) => each.alarms))
      .toEqual([[], [], ['CORRUPT'], []]);
  });
});
