import { etcdMinors, etcdOrSkip, startCluster, type EtcdCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EtcdClient } from './client.ts';
import { clientOf } from './testing/client-of-cluster.ts';

const never = new AbortController().signal;

describe.each(etcdMinors)('changing etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);
  let cluster: EtcdCluster;
  let client: EtcdClient;
  let first: string;

  beforeAll(async () => {
    if (skip) return;
    cluster = await startCluster({ version, learner: true });
    client = await clientOf(cluster);
    first = client.endpoints[0]!;
  });
  afterAll(async () => {
    await client?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  test.skipIf(skip)('keys are written, read, counted and deleted', async () => {
    const before = await client.count(first);
    const revision = await client.put(first, '/a/1', 'one');
    await client.put(first, '/a/2', '');
    await client.put(first, '/b', 'two');
    const read = await client.get(first, '/a/1', { linearizable: true });
    expect(Buffer.from(read.value!).toString()).toBe('one');
    expect(read.revision).toBe(revision + 2);
    expect(await client.get(first, '/a/2', { linearizable: false })).toMatchObject({
      value: new Uint8Array(),
    });
    expect(await client.get(first, '/a/3', { linearizable: true })).toMatchObject({ value: undefined });
    expect(await client.count(first, '/a/')).toBe(2);
    expect(await client.count(first)).toBe(before + 3);
    expect(await client.deleteKey(first, '/a/1')).toBe(true);
    expect(await client.deleteKey(first, '/a/1')).toBe(false);
    expect(await client.count(first, '/a/')).toBe(1);
  });

  test.skipIf(skip)('a watcher learns whether its revision is compacted, and all else goes on', async () => {
    const revision = await client.put(first, '/w', '1');
    expect(await client.watchFrom(first, '/w', revision, never)).toBe('watching');
    expect(await client.watchFrom(first, '/w', revision + 100, never)).toBe('watching');
    await client.put(first, '/w', '2');
    await cluster.gateway().compact(revision + 1);
    expect(await client.watchFrom(first, '/w', revision, never)).toBe('compacted');
    expect(await client.watchFrom(first, '/nothing', revision, never)).toBe('compacted');
    expect(await client.watchFrom(first, '/w', revision + 1, never)).toBe('watching');
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(client.watchFrom(first, '/w', revision, gone)).rejects.toThrow('gone');
  });

  test.skipIf(skip)('members are promoted, removed and added', async () => {
    const learner = (await client.memberList(first)).find((each) => each.isLearner)!;
    await expect(client.memberPromote(first, 'abc')).rejects.toMatchObject({ code: 'etcd-refused' });
    await expect
      .poll(async () => client.memberPromote(first, learner.id).then(() => true, String), { timeout: 20_000 })
      .toBe(true);
    await client.memberRemove(first, learner.id);
    const added = await client.memberAdd(first, { peerUrls: ['http://127.0.0.1:1'], isLearner: true });
    expect(added).toMatchObject({ name: '', isLearner: true, peerUrls: ['http://127.0.0.1:1'] });
    expect((await client.memberList(first)).map((each) => each.id)).toContain(added.id);
    expect(added.id).not.toBe(learner.id);
  });
});
