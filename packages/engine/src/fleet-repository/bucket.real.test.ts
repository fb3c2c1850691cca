import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import type { RepositorySecrets, RepositorySpec } from '@holdfast/model/fleet';
import { storeSnapshot } from '@holdfast/repository/testing';
import { s3OrSkip, s3Server, type S3Server } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFleetRepository, type OpenFleetOptions } from './open.ts';
import { probeFleetRepository } from './probe.ts';

const memory = mkdtempSync(join(tmpdir(), 'holdfast-fleet-bucket-'));
afterAll(() => rmSync(memory, { recursive: true }));
const options: OpenFleetOptions = {
  create: false,
  memory,
  clock: systemClock,
  signal: new AbortController().signal,
  warn: () => {},
  random: () => randomInt(2 ** 32) / 2 ** 32,
};

describe.skipIf((await s3OrSkip('minio')).skip)('a repository of the fleet in a bucket', () => {
  let server: S3Server;
  let spec: RepositorySpec;
  let secrets: RepositorySecrets;
  beforeAll(async () => {
    server = await s3Server('minio');
    await server.makeBucket('fleet');
    const { endpoint, ca, region, accessKey, secretKey } = server;
    const s3 = { bucket: 'fleet', folder: 'a/b', endpoint, ca, region };
    spec = { name: 'main', s3, readByServer: true };
    secrets = { accessKeyId: accessKey, secretAccessKey: secretKey };
  });
  afterAll(async () => server?.[Symbol.asyncDispose]());

  test('it is made with keys in memory, and what is stored there is found again', async () => {
    await expect(openFleetRepository(spec, secrets, options)).rejects.toMatchObject({
      code: 'repository-missing',
    });
    const passphrase = 'correct horse';
    const made = await openFleetRepository(spec, { ...secrets, passphrase }, { ...options, create: true });
    expect(made.ring.recipients).toHaveLength(1);
    const { storage } = made;
    const plain = await openFleetRepository({ ...spec, s3: { ...spec.s3!, folder: 'plain' } }, secrets, {
      ...options,
      create: true,
    });
    expect(plain.storage.location).not.toBe(storage.location);
    const cluster = await plain.addCluster('prod');
    await storeSnapshot(plain, cluster, 'one', Buffer.alloc(5000, 'x'));
    const again = await openFleetRepository(
      { ...spec, s3: { ...spec.s3!, folder: 'plain' } },
      secrets,
      options,
    );
    expect((await again.snapshots('prod')).snapshots.map(({ name }) => name)).toEqual(['one']);
  });

  test('wrong keys are told without being repeated, and a probe names every step', async () => {
    const wrong = { ...secrets, secretAccessKey: 'not-the-secret' };
    await expect(openFleetRepository(spec, wrong, options)).rejects.toMatchObject({
      code: 's3-credentials',
      why: expect.not.stringContaining('not-the-secret'),
    });
    const good = await probeFleetRepository(spec, secrets, options);
    expect(good.steps.map(({ step, failure }) => [step, failure?.code])).toEqual([
      ['put', undefined],
      ['read', undefined],
      ['list', undefined],
      ['upload', undefined],
      ['delete', undefined],
    ]);
    expect(good.conditionalWrites).toEqual({ put: true, complete: true });
    const bad = await probeFleetRepository(spec, wrong, options);
    expect(bad.steps.map(({ failure }) => failure?.code)).toContain('s3-credentials');
  });
});
