import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { s3OrSkip, s3Server, type S3Server } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdfast, type Finished } from '../product.ts';

describe.skipIf((await s3OrSkip('minio')).skip)('a bucket, with the credentials that AWS tools take', () => {
  let server: S3Server;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-bucket-'));
    server = await s3Server('minio');
    await server.makeBucket('backups');
    writeFileSync(join(folder, 'ca.pem'), server.ca);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function run(args: string, env: NodeJS.ProcessEnv): Promise<Finished> {
    const where = {
      HOME: folder,
      HOLDFAST_REPO: 's3://backups/prod',
      HOLDFAST_S3_ENDPOINT: server.endpoint,
      HOLDFAST_S3_CA: join(folder, 'ca.pem'),
      // No other machine is asked for credentials.
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    return await holdfast(args.split(' '), undefined, { ...where, ...env });
  }

  test('variables, and the file of a profile', async () => {
    const { accessKey, secretKey } = server;
    const variables = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey };
    expect(await run('repo init --plain', variables)).toMatchObject({ status: 0 });
    expect(await run('snapshot list', variables)).toMatchObject({ status: 0, stderr: '' });

    const file = join(folder, 'credentials');
    writeFileSync(file, `[ops]\naws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\n`);
    const profile = { AWS_PROFILE: 'ops', AWS_SHARED_CREDENTIALS_FILE: file };
    expect(await run('snapshot list', profile)).toMatchObject({ status: 0, stderr: '' });

    const wrong = await run('snapshot list', { ...variables, AWS_SECRET_ACCESS_KEY: 'hunter2' });
    expect(wrong).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('does not accept the credentials'),
    });
    expect(wrong.stderr).not.toContain('hunter2');
  });

  test('none at all is a fault that is named', async () => {
    const { status, stderr } = await run('repo check --connection --json', {});
    expect(status).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ code: 's3-no-credentials' });
  });

  test('a command ends as soon as it is done', async () => {
    const keys = { AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey };
    const before = performance.now();
    expect((await run('snapshot list -q', keys)).status).toBe(0);
    // Idle connections would be kept for a minute.
    expect(performance.now() - before).toBeLessThan(20_000);
  });
});
