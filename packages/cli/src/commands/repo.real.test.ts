import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { s3Kinds, s3OrSkip, s3Server, type S3Keys, type S3Server } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdfast, type Ran } from '../testing/io.ts';

for (const kind of s3Kinds) {
  describe.skipIf((await s3OrSkip(kind)).skip)(`a repository in ${kind}`, () => {
    let server: S3Server;
    let folder: string;
    let env: Record<string, string>;

    const cli = async (args: string, more: Record<string, string> = {}): Promise<Ran> =>
      await holdfast(args.split(' '), {
        env: { ...env, ...more },
        clock: systemClock,
        cwd: folder,
        home: folder,
        etc: join(folder, 'etc'),
      });
    const keysIn = async (name: string, { accessKey, secretKey, sessionToken }: S3Keys): Promise<string> => {
      const path = join(folder, name);
      const token = sessionToken === undefined ? '' : `SESSION_TOKEN=${sessionToken}\n`;
      await writeFile(path, `ACCESS_KEY=${accessKey}\nSECRET_KEY=${secretKey}\n${token}`, { mode: 0o600 });
      return path;
    };

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'holdfast-s3-'));
      server = await s3Server(kind);
      await server.makeBucket('backups');
      await server.makeBucket('locked', { objectLock: true });
      await writeFile(join(folder, 'ca.pem'), server.ca);
      env = {
        HOLDFAST_REPO: 's3://backups/prod',
        HOLDFAST_S3_ENDPOINT: server.endpoint,
        HOLDFAST_S3_REGION: server.region,
        HOLDFAST_S3_CA: join(folder, 'ca.pem'),
        HOLDFAST_S3_CREDENTIALS_FILE: await keysIn('keys', server),
      };
    });
    afterAll(async () => {
      await server?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    test('before it is made, it is missing, and the way to make it is named', async () => {
      const { exit, stderr } = await cli('snapshot list');
      expect([exit, stderr]).toEqual([10, expect.stringContaining('holdfast repo init')]);
      const checked = await cli('repo check --connection -o json');
      expect(checked.exit).toBe(10);
      const steps = ['put', 'read', 'list', 'upload', 'delete'].map((step) => ({ step, ok: true }));
      expect(JSON.parse(checked.stdout)).toMatchObject({ id: null, ok: false, steps });
      // A save into a bucket never makes one; etcd is not even there.
      expect((await cli('snapshot save --endpoints http://127.0.0.1:1')).exit).toBe(13);
      expect((await cli('snapshot list')).exit).toBe(10);
    });

    test('it is made once, tried out first, and found again', async () => {
      const plain = await cli('repo init');
      expect([plain.exit, plain.stderr]).toEqual([2, expect.stringContaining('or say --plain')]);
      const made = await cli('repo init --new-identity id.key --new-signing-key sign.pem -o json');
      expect(made.exit).toBe(0);
      const { id, connection, recipients, repository } = JSON.parse(made.stdout) as Record<string, unknown>;
      expect({ connection, recipients, repository }).toMatchObject({
        connection: { conditionalWrites: { put: true, complete: kind === 'minio' } },
        recipients: [{ name: 'id' }],
        repository: 's3://backups/prod',
      });
      // Ceph 16 overwrites what was uploaded in parts.
      if (kind === 'minio') expect(made.stderr).toBe('');
      else expect(JSON.parse(made.stderr)).toMatchObject({ warning: expect.stringContaining('overwrite') });

      const again = await cli('repo init --new-identity other.key --json');
      expect(again.exit).toBe(14);
      const empty = await cli('snapshot list --identity-file id.key');
      expect([empty.exit, empty.stdout]).toEqual([0, expect.stringMatching(/^No snapshots yet/)]);
      const checked = await cli('repo check --connection');
      expect([checked.exit, checked.stdout]).toEqual([
        0,
        expect.stringMatching(/^s3:\/\/backups\/prod\n(?: {2}\w+ +(?:ok|by markers).*\n){5,7}/),
      ]);
      expect(checked.stdout).toContain(id);
      expect(await server.uploadsIn('backups')).toEqual([]);
    });

    test('flags alone lead there, and so does a name of the configuration', async () => {
      const named = `repositories:
  offsite:
    s3:
      bucket: backups
      folder: prod
      endpoint: ${server.endpoint}
      region: ${server.region}
      caFile: ca.pem
      credentialsFile: keys
    limits: { concurrency: 2, downloadPerSecond: 1 MiB }
`;
      await writeFile(join(folder, 'config.yaml'), named);
      const none = { ...env };
      env = {};
      try {
        expect((await cli('snapshot list --config config.yaml')).exit).toBe(0);
        const checked = await cli('repo check --connection --repo offsite --config config.yaml -q');
        expect([checked.exit, checked.stdout]).toEqual([0, 'offsite\n']);
        const flags = `--s3-endpoint ${server.endpoint} --s3-region ${server.region} --s3-ca ca.pem --s3-credentials-file keys`;
        expect((await cli(`snapshot list --repo s3://backups/prod ${flags}`)).exit).toBe(0);
      } finally {
        env = none;
      }
    });

    test('what is wrong on the way is named, with its exit status', async () => {
      const { secretKey } = server;
      const nobody = await keysIn('nobody', { accessKey: 'NOBODY', secretKey });
      const wrong = await keysIn('wrong', { ...server, secretKey: 'wrong-secret' });
      const reader = await keysIn(
        'reader',
        await server.limitedUser('backups', ['s3:GetObject', 's3:ListBucket']),
      );
      const cases: [more: Record<string, string>, code: string, exit: number][] = [
        [{ HOLDFAST_S3_CREDENTIALS_FILE: nobody }, 's3-credentials', 1],
        [{ HOLDFAST_S3_CREDENTIALS_FILE: wrong }, 's3-credentials', 1],
        [{ HOLDFAST_S3_CREDENTIALS_FILE: reader }, 's3-permission', 1],
        [{ HOLDFAST_REPO: 's3://nowhere/prod' }, 's3-bucket-missing', 10],
        [{ HOLDFAST_S3_CA: '' }, 's3-tls', 1],
        [{ HOLDFAST_S3_ENDPOINT: 'http://127.0.0.1:1' }, 's3-unreachable', 1],
        // Without object lock a bucket cannot keep what is written.
        [{ HOLDFAST_S3_LOCK: 'compliance:1d' }, 's3-no-lock', 3],
        ...(kind === 'minio'
          ? ([[{ HOLDFAST_S3_REGION: 'eu-central-9' }, 's3-region', 78]] as [
              Record<string, string>,
              string,
              number,
            ][])
          : []),
      ];
      for (const [more, code, exit] of cases) {
        const checked = await cli('repo check --connection -o json', more);
        const failure = JSON.parse(checked.stderr.trimEnd().split('\n').at(-1)!) as object;
        expect([checked.exit, failure], JSON.stringify(more)).toEqual([
          exit,
          expect.objectContaining({ code }),
        ]);
        expect(checked.stdout + checked.stderr).not.toContain(secretKey);
        const init = await cli('repo init --plain --json', more);
        expect([init.exit, JSON.parse(init.stdout)]).toEqual([exit, expect.objectContaining({ ok: false })]);
      }
      // Who may only read, may list; and is told of the right that is missing.
      expect((await cli('snapshot list', { HOLDFAST_S3_CREDENTIALS_FILE: reader })).exit).toBe(0);
      const told = await cli('repo check --connection', { HOLDFAST_S3_CREDENTIALS_FILE: reader });
      expect(told.stdout).toMatch(/put +failed +the credentials do not allow s3:PutObject in bucket backups/);
    });

    test('whoever answers is trusted only with a warning', async () => {
      const args = 'repo check --connection --s3-skip-verify';
      const { exit, stderr } = await cli(args, { HOLDFAST_S3_CA: '' });
      expect(exit).toBe(0);
      expect(stderr.match(/is not verified: whoever answers/g)).toHaveLength(1);
    });

    test('a bucket that keeps what is locked', async () => {
      const more = { HOLDFAST_REPO: 's3://locked/prod', HOLDFAST_S3_LOCK: 'governance:1d' };
      expect((await cli('repo init --plain', more)).exit).toBe(0);
      expect((await cli('repo check --connection', more)).exit).toBe(0);
      expect((await cli('snapshot list', more)).exit).toBe(0);
    });

    test('doctor looks at a bucket as well, whose space nobody tells', async () => {
      const { exit, stdout } = await cli('doctor -o json');
      const { checks } = JSON.parse(stdout) as {
        checks: { subject: string; check: string; outcome: string }[];
      };
      const own = checks.filter(({ subject }) => subject === 's3://backups/prod');
      expect([exit, own.map(({ check, outcome }) => `${check}: ${outcome}`)]).toEqual([
        0,
        [
          'reachable: ok',
          'writable: ok',
          `connection: ${kind === 'radosgw' ? 'warning' : 'ok'}`,
          'space: skipped',
          'records: ok',
          'leftovers: ok',
        ],
      ]);
    });
  });
}
