import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  etcdOrSkip,
  planCluster,
  s3OrSkip,
  s3Server,
  startCluster,
  startPlanned,
  type EtcdCluster,
  type S3Server,
} from '@holdfast/test-servers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { holdfast, type Finished } from '../product.ts';

/** All that was written, as text. */
const pairsOf = async (of: EtcdCluster) => {
  const { keyValues } = await of.gateway().rangeAll({ key: '/a/', end: '/a0' });
  return keyValues.map(({ key, value }) => [key.toString(), value.toString()]);
};

const skips = [await etcdOrSkip('3.6'), await s3OrSkip('minio')];

describe.skipIf(skips.some(({ skip }) => skip))('a bucket', () => {
  let server: S3Server;
  let bucket: string;
  let cluster: EtcdCluster;
  let folder: string;
  beforeAll(async () => {
    server = await s3Server('minio');
    cluster = await startCluster({ version: '3.6' });
    for (let i = 0; i < 30; i++) await cluster.gateway().put(`/a/${i}`, `value ${i}`.repeat(1000));
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-bucket-'));
    writeFileSync(join(folder, 'ca.pem'), server.ca);
    bucket = `bucket-${randomUUID()}`;
    await server.makeBucket(bucket);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const at = (name: string): string => join(folder, name);
  const repo = (): string => `s3://${bucket}/backups/etcd`;

  /** Runs a command on the bucket, as a machine that has nothing but its address and the credentials. */
  async function run(...args: string[]): Promise<Finished> {
    const env = {
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      HOLDFAST_S3_ENDPOINT: server.endpoint,
      HOLDFAST_S3_REGION: server.region,
      HOLDFAST_S3_CA: at('ca.pem'),
      HOLDFAST_STATE_DIR: at('state'),
      HOLDFAST_REPO: repo(),
    };
    return await holdfast(args, undefined, env);
  }
  async function done(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await run(...args);
    expect({ args, status, stderr: status === 0 ? '' : stderr }).toMatchObject({ status: 0 });
    return stdout;
  }
  const save = (name: string, of: string): string[] => {
    const signing = ['--signing-key', at('signing.pem')];
    const endpoints = ['--endpoints', cluster.endpoints.join(',')];
    return [
      'snapshot',
      'save',
      ...endpoints,
      '--name',
      name,
      '--cluster',
      of,
      ...signing,
      '--companions',
      'none',
    ];
  };
  const init = (): Promise<string> =>
    done('repo', 'init', '--new-identity', at('keys.txt'), '--new-signing-key', at('signing.pem'));
  const opens = (): string[] => ['--identity-file', at('keys.txt')];

  test('is enough: with its address and the key alone a cluster comes back', async () => {
    await init();
    await done(...save('nightly', 'prod'));
    rmSync(at('state'), { recursive: true, force: true });

    const list = JSON.parse(await done('snapshot', 'list', '-o', 'json')) as {
      items: { name: string; state: string }[];
    };
    expect(list.items).toMatchObject([{ name: 'nightly', state: 'verified' }]);
    await done('snapshot', 'verify', 'nightly', ...opens());
    const plan = await planCluster({ version: '3.6' });
    const [member] = plan.members;
    await done(
      ...['restore', 'datadir', '--snapshot', 'latest', ...opens(), '--data-dir', member!.dataDir],
      ...['--name', member!.name, '--initial-cluster', plan.initialCluster],
      ...['--initial-advertise-peer-urls', member!.peerUrl, '--initial-cluster-token', plan.token],
    );
    await using restored = await startPlanned(plan, { restored: true });
    expect(await pairsOf(restored)).toEqual(await pairsOf(cluster));
  });

  test('without a key is listed, and neither verified nor restored', async () => {
    await init();
    await done(...save('nightly', 'prod'));
    expect(await done('snapshot', 'list', '-q')).toBe('nightly\n');
    const { status, stderr } = await run('snapshot', 'verify', 'nightly');
    expect(status).toBe(12);
    expect(stderr).toContain('--identity-file');
    const dataDir = at('data');
    const words = ['--name', 'm1', '--initial-cluster', 'm1=http://127.0.0.1:2380'];
    const peer = ['--initial-advertise-peer-urls', 'http://127.0.0.1:2380'];
    const restore = await run(
      'restore',
      'datadir',
      '--snapshot',
      'nightly',
      '--data-dir',
      dataDir,
      ...words,
      ...peer,
    );
    expect(restore.status).toBe(12);
    expect(existsSync(dataDir)).toBe(false);
  });

  test('that two clusters share shows each its own, and of one name in both the exact one', async () => {
    await init();
    for (const of of ['prod', 'test']) await done(...save('nightly', of));
    for (const of of ['prod', 'test']) {
      const { items } = JSON.parse(await done('snapshot', 'list', '--cluster', of, '-o', 'json')) as {
        items: { cluster: string }[];
      };
      expect(items.map(({ cluster: name }) => name)).toEqual([of]);
    }
    expect((await run('snapshot', 'verify', 'nightly', ...opens())).stderr).toContain('--cluster');
    await done(
      'snapshot',
      'delete',
      'nightly',
      '--cluster',
      'test',
      '--yes',
      '--force-last',
      '--signing-key',
      at('signing.pem'),
    );
    expect(await done('snapshot', 'list', '-q')).toBe('nightly\n');
    await done('snapshot', 'verify', 'nightly', '--cluster', 'prod', ...opens());
  });

  test('that is no repository yet is not made by a save, and a folder with its name is not either', async () => {
    const { status, stderr } = await run('snapshot', 'save', '--endpoints', cluster.endpoints.join(','));
    expect(status).toBe(10);
    expect(stderr).toContain('holdfast repo init');
    expect(existsSync('s3:')).toBe(false);
  });
});
