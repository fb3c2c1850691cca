import { systemClock } from '@holdfast/base';
import { Retention } from '@holdfast/model';
import { openRepository, openS3, type Repository } from '@holdfast/repository';
import { evidenceOf, storeSnapshot } from '@holdfast/repository/testing';
import { s3OrSkip, s3Server, type S3Keys, type S3Server } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deleteSnapshot } from '../catalog/index.ts';
import type { VerbContext } from '../context.ts';
import { prune } from './prune.ts';

const hourMs = 3_600_000;

/** Stores a verified snapshot of policy `p`. */
async function save(repository: Repository, name: string, hoursAgo: number): Promise<void> {
  const cluster = await repository.addCluster('prod');
  const at = new Date(Date.now() - hoursAgo * hourMs).toISOString();
  const times = { startedAt: at, finishedAt: at };
  await storeSnapshot(repository, cluster, name, Buffer.from(name), { policy: 'p', times });
  await repository.addEvidence({ name, cluster }, evidenceOf(name, at, 'passed'));
}

describe.skipIf((await s3OrSkip('minio')).skip)('a bucket that locks', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await s3Server('minio');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  let ahead = 0;
  const clock = { ...systemClock, now: () => new Date(Date.now() + ahead) };
  const context: VerbContext = { clock, signal: new AbortController().signal, holdfast: '0.1.0' };

  async function open(
    bucket: string,
    lockedUntil?: Date,
    { accessKey, secretKey, sessionToken }: S3Keys = server,
  ): Promise<Repository> {
    const lock = lockedUntil && { lock: { mode: 'compliance' as const, until: lockedUntil } };
    const { endpoint, region, ca } = server;
    const credentials = {
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      ...(sessionToken !== undefined && { sessionToken }),
    };
    const settings = { bucket, folder: 'r', endpoint, region, ca, credentials, ...lock };
    const storage = await openS3(settings, { random: () => 0.5, variables: {}, warn: () => {} });
    return await openRepository(storage, { create: true, clock });
  }

  test('what is locked stays and is said to; the rest is marked, and deleted a day later', async () => {
    await server.makeBucket('retain', { objectLock: true });
    const until = new Date(Math.floor(Date.now() / 1000) * 1000 + 2 * hourMs);
    const locking = await open('retain', until);
    await save(locking, 'locked', 9);
    const repository = await open('retain');
    await save(repository, 'free', 8);
    await save(repository, 'newest', 1);
    const request = { policy: 'p', retention: Retention.parse({ last: 1 }), graceMs: hourMs };
    const told = async (by: Repository) =>
      (await prune(context, by, request)).snapshots.map(({ entry, outcome, reasons }) => [
        entry.name,
        outcome,
        reasons.at(-1),
      ]);
    const locked = ['locked', 'kept', `locked until ${until.toISOString()}`];
    // The mark itself is locked where the client locks all that it writes.
    expect(await told(locking)).toEqual([
      ['newest', 'kept', 'among the newest (last 1 of 1)'],
      ['free', 'marked', 'no rule keeps it (last 1)'],
      locked,
    ]);
    expect((await told(repository))[1]).toEqual(['free', 'waits', 'no rule keeps it (last 1)']);
    try {
      ahead = hourMs;
      expect((await told(repository)).map(([name, outcome]) => [name, outcome])).toEqual([
        ['newest', 'kept'],
        ['free', 'deleted'],
        ['locked', 'kept'],
      ]);
    } finally {
      ahead = 0;
    }
    const { snapshots, unfinished } = await repository.snapshots();
    expect([snapshots.map(({ name }) => name), unfinished]).toEqual([['locked', 'newest'], []]);
    const entry = await repository.snapshot('locked');
    const parts: Uint8Array[] = [];
    for await (const part of repository.readContent(entry)) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe('locked');
  });

  test('a legal hold that somebody put in the bucket keeps a snapshot', async () => {
    await server.makeBucket('held', { objectLock: true });
    const repository = await open('held');
    await save(repository, 'held', 9);
    await save(repository, 'free', 8);
    await save(repository, 'newest', 1);
    const { cluster, manifest } = await repository.snapshot('held');
    const path = `r/clusters/${cluster.id}/snapshots/held/${manifest.objects[0]!.path}`;
    await server.holdObject('held', path);
    const request = { policy: 'p', retention: Retention.parse({ last: 1 }), graceMs: 0 };
    const { snapshots } = await prune(context, repository, request);
    expect(snapshots.slice(1).map(({ entry, outcome, reasons }) => [entry.name, outcome, reasons])).toEqual([
      ['free', 'deleted', ['no rule keeps it (last 1)']],
      ['held', 'kept', ['under a legal hold']],
    ]);
  });

  test('who may not delete there is told so, and nothing is taken off a list', async () => {
    await server.makeBucket('append');
    const owner = await open('append');
    await save(owner, 'old', 3);
    await save(owner, 'newest', 1);
    const actions = ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 's3:GetBucketLocation'];
    const writer = await open('append', undefined, await server.limitedUser('append', actions));
    const request = { policy: 'p', retention: Retention.parse({ last: 1 }), graceMs: 0 };
    const { snapshots } = await prune(context, writer, request);
    expect(snapshots.map(({ entry, outcome, failure }) => [entry.name, outcome, failure?.code])).toEqual([
      ['newest', 'kept', undefined],
      ['old', 'failed', 's3-permission'],
    ]);
    const { snapshots: left, unfinished } = await owner.snapshots();
    expect([left.map(({ name }) => name), unfinished]).toEqual([['old', 'newest'], []]);
    const deletion = deleteSnapshot(context, writer, { name: 'old' });
    await expect(deletion).rejects.toMatchObject({ code: 's3-permission' });
    expect((await owner.snapshots()).snapshots.map(({ name }) => name)).toEqual(['old', 'newest']);
    const again = await prune(context, owner, request);
    expect(again.snapshots.map(({ outcome }) => outcome)).toEqual(['kept', 'deleted']);
  });
});
