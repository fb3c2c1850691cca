import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type EtcdCluster,
  etcdMinors,
  etcdOrSkip,
  type Operation,
  type SeededRandom,
  seededRandom,
  startCluster,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFileSource } from '../bolt/index.ts';
import { readPosition, verifySnapshotFile } from './index.ts';

interface StatusJson {
  readonly hash: number;
  readonly revision: number;
  readonly totalKey: number;
  readonly totalSize: number;
  readonly version?: string;
}

/** Random writes to a few keys, so that each has a long history: puts, deletions, transactions, leases. */
async function churn(cluster: EtcdCluster, random: SeededRandom, steps: number): Promise<void> {
  const etcd = cluster.gateway();
  const key = () => `/registry/${random.pick(['pods', 'leases', 'events'])}/${random.below(12)}`;
  for (let i = 0; i < steps; i++) {
    const lease = random.below(8) === 0 ? (await etcd.leaseGrant(3600)).id : undefined;
    const value = random.bytes(random.below(40) === 0 ? 20_000 : random.below(300));
    const kind = random.below(10);
    if (kind < 5) await etcd.put(key(), value, lease);
    else if (kind < 8) await etcd.deleteRange(key());
    else if (kind < 9) await etcd.deleteRange('/registry/events/', '/registry/events0');
    else {
      const keys = new Set(Array.from({ length: 1 + random.below(8) }, key));
      const operations = [...keys].map((key): Operation =>
        random.below(3) === 0 ? { delete: key } : { put: key, value },
      );
      await etcd.txn(operations);
    }
  }
}

describe.each(etcdMinors)('snapshots of etcd %s', async (version) => {
  const { skip } = await etcdOrSkip(version);
  let cluster: EtcdCluster;
  let file: string;

  beforeAll(async () => {
    if (skip) return;
    cluster = await startCluster({ version, auth: version === '3.5' });
    file = join(cluster.dir, 'snapshot.db');
  });
  afterAll(async () => cluster?.[Symbol.asyncDispose]());

  /** Saves with etcd's tool and asserts that all of ours equals all of theirs. */
  async function expectEqualFigures(): Promise<void> {
    await rm(file, { force: true });
    await cluster.snapshotSave(file);
    const { revision } = await cluster.gateway().status();
    const live = await cluster.gateway().hashKv();
    const hashKv = { revision, ...live };
    const found = await verifySnapshotFile(file, { hashKv });
    const theirs = await cluster.utlJson<StatusJson>(['snapshot', 'status', file]);

    expect(found.checks.filter((check) => check.outcome !== 'passed').map((check) => check.check)).toEqual([
      'sha256',
    ]);
    expect(found.hashKv).toEqual(hashKv);
    const countsPairs = version === '3.4' || version === '3.5';
    expect({
      hash: found.status?.hash,
      revision: found.status?.revision,
      totalKey: countsPairs ? found.status?.pairs : found.status?.liveKeys,
      totalSize: found.status?.size,
      version: countsPairs ? '' : (found.status?.storageVersion ?? ''),
    }).toEqual({ version: '', ...theirs });

    using source = openFileSource(file);
    expect(await readPosition(source)).toMatchObject({
      revision,
      compactRevision: live.compactRevision,
      size: theirs.totalSize,
      trailer: true,
    });
  }

  test.skipIf(skip)('an empty store', expectEqualFigures);

  test.skipIf(skip)('random histories, compacted now and then', async () => {
    const random = seededRandom(20, etcdMinors.indexOf(version));
    for (let round = 0; round < 8; round++) {
      await churn(cluster, random, 60);
      await expectEqualFigures();
      const { revision } = await cluster.gateway().status();
      await cluster.gateway().compact(revision - random.below(40));
      await expectEqualFigures();
    }
  });

  test.skipIf(skip)('compaction at a deletion, and with nothing left alive', async () => {
    const etcd = cluster.gateway();
    await etcd.put('/registry/last', 'x');
    const { revision } = await etcd.deleteRange('/registry/last');
    await etcd.put('/registry/after', 'x');
    await etcd.compact(revision);
    await expectEqualFigures();
    const all = await etcd.deleteRange('/', '0');
    await expectEqualFigures();
    await etcd.compact(all.revision);
    await expectEqualFigures();
    await etcd.put('/registry/again', 'x');
    await expectEqualFigures();
  });

  test.skipIf(skip || version === '3.4')(
    'the hash that a compaction itself took, with nothing left alive',
    async () => {
      const etcd = cluster.gateway();
      const { revision } = await etcd.put('/registry/last', 'x');
      await etcd.compact(revision);
      const gone = await etcd.deleteRange('/', '0');
      await rm(file, { force: true });
      await cluster.snapshotSave(file);
      await etcd.compact(gone.revision);
      // From then on it is what the member remembers of before the compaction.
      await expect
        .poll(async () => (await etcd.hashKv(gone.revision)).compactRevision, { timeout: 10_000 })
        .toBe(revision);
      const hashKv = { revision: gone.revision, ...(await etcd.hashKv(gone.revision)) };
      const { checks } = await verifySnapshotFile(file, { hashKv });
      expect(checks.find((each) => each.check === 'hashkv')).toMatchObject({ outcome: 'passed' });
    },
  );

  test.skipIf(skip || version === '3.4')('what etcdutl restores with a revision bump', async () => {
    await rm(file, { force: true });
    await cluster.snapshotSave(file);
    const dataDir = join(cluster.dir, 'restored');
    await cluster.utl([
      'snapshot',
      'restore',
      file,
      `--data-dir=${dataDir}`,
      '--bump-revision=1000',
      '--mark-compacted',
    ]);
    const restored = join(dataDir, 'member', 'snap', 'db');
    const found = await verifySnapshotFile(restored, { trailer: 'optional' });
    expect(found.checks.filter((check) => check.outcome === 'failed')).toEqual([]);
    const theirs = await cluster.utlJson<StatusJson>(['snapshot', 'status', restored]);
    expect(found.status).toMatchObject({ hash: theirs.hash, revision: theirs.revision });
    expect([found.status?.pairs, found.status?.liveKeys]).toContain(theirs.totalKey);
    const before = await readPosition(openFileSource(file));
    expect(theirs.revision).toBe(before.revision + 1000);
    expect(found.hashKv).toMatchObject({ revision: theirs.revision, compactRevision: theirs.revision });
  });

  test.skipIf(skip)('a store that was defragmented', async () => {
    await cluster.gateway().defragment();
    await expectEqualFigures();
  });
});
