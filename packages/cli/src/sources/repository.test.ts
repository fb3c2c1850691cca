import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { quietIo } from '../docs/quiet-io.ts';
import { withGlobals, withRepositories, withStateDir } from '../program/options.ts';
import { Verb } from '../program/verb.ts';
import { openSession, type Session } from '../session.ts';
import { holdfast, stillClock, type Ran } from '../testing/io.ts';
import { clientKeys } from './keys.ts';
import { chosenPlaces, placeFlags, queueFlags, wayFlags } from './places.ts';
import { openRepositories, openRepository, withMissingMade } from './repository.ts';
import { s3SettingsOf } from './s3.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-places-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function cli(...args: string[]): Promise<Ran> {
  return await holdfast(args, { cwd: folder });
}

/** A session with the flags of `snapshot save`. */
async function session(args: readonly string[], env: Record<string, string> = {}): Promise<Session> {
  const verb = withStateDir(withRepositories(withGlobals(new Verb('save', quietIo))));
  verb.parse(args, { from: 'user' });
  const io = { ...quietIo, clock: stillClock, cwd: folder, home: folder, etc: join(folder, 'etc'), env };
  return await openSession(verb.optsWithGlobals(), io);
}

async function config(text: string): Promise<void> {
  await mkdir(join(folder, 'etc/holdfast'), { recursive: true });
  await writeFile(join(folder, 'etc/holdfast/config.yaml'), text);
}

/** Why a place is refused. */
async function whyNot(where: string): Promise<string> {
  return JSON.parse((await cli('snapshot', 'list', '--repo', where, '--json')).stderr).why;
}

const names = (of: Session): string[] => chosenPlaces(of).map(({ name }) => name);

describe('where a repository is', () => {
  test('an address of S3 is never taken for a folder of this machine', async () => {
    const credentials = join(folder, 'keys');
    await writeFile(credentials, 'ACCESS_KEY=A\nSECRET_KEY=S\n', { mode: 0o600 });
    const where = ['--s3-endpoint', 'http://127.0.0.1:1', '--s3-credentials-file', credentials];
    const { exit, stderr } = await cli('snapshot', 'list', '--repo', 's3://bucket/x', ...where, '--json');
    expect(exit).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ code: 's3-unreachable' });
    expect(await readdir(folder)).toEqual(['keys']);
  });

  test.each([
    'gs://bucket/x',
    'https://host/bucket',
    'file:///backup',
    's3://',
    's3:///x',
    's3://b//x',
    's3://b/.x',
    's3://b/x?region=y',
    's3://key:hunter2@b/x',
    'sftp://user:hunter2@host/x',
    's3:/bucket/x',
    's3//bucket/x',
    'S3:bucket/x',
    's3:',
    'https:/host/bucket',
    'user:hunter2@host:/x',
    'backup@host:/x',
  ])('%s is no place for a repository', async (where) => {
    const { exit, stderr } = await cli('snapshot', 'list', '--repo', where, '--json');
    expect(exit).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'usage', why: expect.stringMatching(/^--repo: /) });
    expect(stderr).not.toContain('hunter2');
    expect(await readdir(folder)).toEqual([]);
  });

  test('what is nearly an address is answered with the form that is meant', async () => {
    for (const where of ['s3:/bucket/x', 's3//bucket/x', 's3:bucket/x'])
      expect(await whyNot(where)).toContain('s3://bucket/x is meant, or ./');
    expect(await whyNot('host:/x')).toContain('and a folder of this name is ./host:/x');
    for (const folderName of ['./s3:/bucket/x', 's3/bucket/x', 'a:b', './host:/x'])
      expect(names(await session(['--repo', folderName]))).toEqual([join(folder, folderName)]);
  });

  test('the same in a variable and in a file is a fault of the configuration', async () => {
    await expect(session([], { HOLDFAST_REPO: 'gs://b' })).rejects.toMatchObject({
      code: 'config-invalid',
      details: { source: 'HOLDFAST_REPO' },
    });
    await config('cluster: x\nrepository: gs://b\n');
    await expect(session([])).rejects.toMatchObject({
      code: 'config-invalid',
      why: expect.stringContaining('line 2: repository: "gs://b" is no place'),
    });
  });

  test('a name of the configuration goes before a folder of that name', async () => {
    await config('repositories:\n  far: { s3: { bucket: b } }\n  near: { path: n }\n');
    expect(chosenPlaces(await session(['--repo', 'near']))[0].at).toEqual({
      folder: join(folder, 'etc/holdfast/n'),
    });
    expect(names(await session(['--repo', './near']))).toEqual([join(folder, 'near')]);
    expect(names(await session(['--repo', 'other']))).toEqual([join(folder, 'other')]);
    expect(names(await session(['--repo', 'S3://b/c/']))).toEqual(['s3://b/c']);
    expect(names(await session([], { HOLDFAST_REPO: 'far' }))).toEqual(['far']);
  });

  test('without a choice all that the file describes are meant, and with one only that', async () => {
    const two = 'repositories:\n  far: { s3: { bucket: b } }\n  near: { path: n }\n';
    await config(two);
    expect(names(await session([]))).toEqual(['far', 'near']);
    await config(`${two}repository: near\n`);
    expect(names(await session([]))).toEqual(['near']);
    await config(`${two}repository: [near, s3://c, /x]\n`);
    expect(names(await session([]))).toEqual(['near', 's3://c', '/x']);
    expect(names(await session(['--repo', 'a', '--repo', 'far', '--repo', 'a']))).toEqual([
      join(folder, 'a'),
      'far',
    ]);
  });

  test('none at all is a mistake that names every way', async () => {
    const none = await session([]);
    expect(() => chosenPlaces(none)).toThrow(expect.objectContaining({ code: 'usage' }));
    expect((await cli('snapshot', 'list')).stderr).toContain('--repo is missing (or HOLDFAST_REPO');
  });

  test('what reads one repository refuses two', async () => {
    const { exit, stderr } = await cli('snapshot', 'list', '--repo', 'a', '--repo', 'b');
    expect(exit).toBe(2);
    expect(stderr).toContain('takes one repository');
  });
});

describe('the way to a bucket', () => {
  test('flags, variables and keys about S3 are for what is named by its address', async () => {
    await config('s3: { region: eu, caFile: ca.crt }\nrepositories:\n  far: { s3: { bucket: b } }\n');
    const flags = ['--s3-encryption', 'customer:k', '--s3-lock', 'governance:7d', '--s3-skip-verify'];
    const two = await session(['--repo', 's3://c/d', '--repo', 'far', ...flags], {
      HOLDFAST_S3_ENDPOINT: 'host:9000',
    });
    expect(chosenPlaces(two).map(({ at }) => at)).toEqual([
      {
        s3: {
          bucket: 'c',
          folder: 'd',
          endpoint: 'host:9000',
          region: 'eu',
          caFile: join(folder, 'etc/holdfast/ca.crt'),
          skipVerify: true,
          encryption: `customer:${folder}/k`,
          lock: 'governance:7d',
        },
      },
      { s3: { bucket: 'b' } },
    ]);
    const named = await session(['--repo', 'far', '--s3-region', 'us']);
    expect(() => chosenPlaces(named)).toThrow(
      expect.objectContaining({ why: expect.stringContaining('--s3-region is about buckets') }),
    );
  });

  test.each([
    ['--s3-style', 'dns'],
    ['--s3-lock', '30d'],
    ['--s3-encryption', 'aes'],
    ['--s3-proxy', 'http://u:hunter2@proxy'],
    ['--require', 'all'],
  ])('%s %s is refused', async (flag, value) => {
    const { exit, stderr } = await cli('snapshot', 'list', '--repo', 's3://b', flag, value);
    expect(exit).toBe(2);
    expect(stderr).toContain(flag);
    expect(stderr).not.toContain('hunter2');
  });

  test('a proxy may have a login in a variable, which nobody is shown', async () => {
    const env = { HOLDFAST_S3_PROXY: 'http://u:hunter2@proxy', HOLDFAST_REPO: 's3://b' };
    const ran = await holdfast(['config', 'view', '-o', 'json'], { env });
    expect(ran.exit).toBe(0);
    expect(ran.stdout).not.toContain('hunter2');
  });

  test.each(['--secret-key', '--s3-secret-access-key', '--passphrase', '--s3-access-key'])(
    '%s is answered with where secrets go',
    async (flag) => {
      const { exit, stderr } = await cli('snapshot', 'list', '--repo', 's3://b', flag, 'hunter2');
      expect([exit, stderr]).toEqual([2, expect.stringContaining('not taken from the command line')]);
      expect(stderr).not.toContain('hunter2');
    },
  );

  test('files are read when it is opened, and a secret that others may read is refused', async () => {
    const path = join(folder, 'k');
    await writeFile(path, 'ACCESS_KEY=A\nSECRET_KEY=S\n');
    await chmod(path, 0o640);
    await expect(s3SettingsOf({ bucket: 'b', credentialsFile: path })).rejects.toMatchObject({
      code: 'secret-file-exposed',
      exitCode: 78,
      why: 'its mode is 0640',
    });
    await chmod(path, 0o600);
    expect(await s3SettingsOf({ bucket: 'b', credentialsFile: path, lock: 'compliance:1d' })).toEqual({
      bucket: 'b',
      credentials: { accessKeyId: 'A', secretAccessKey: 'S' },
      lock: { mode: 'compliance', days: 1 },
    });
    const key = Buffer.alloc(32, 7);
    for (const content of [key, `${key.toString('base64')}\n`]) {
      await writeFile(path, content);
      const { encryption } = await s3SettingsOf({ bucket: 'b', encryption: `customer:${path}` });
      expect(encryption).toEqual({ kind: 'customer', key });
    }
    await writeFile(path, 'short');
    await expect(s3SettingsOf({ bucket: 'b', encryption: `customer:${path}` })).rejects.toMatchObject({
      code: 'config-invalid',
    });
    await expect(s3SettingsOf({ bucket: 'b', caFile: join(folder, 'none') })).rejects.toMatchObject({
      code: 'file-unreadable',
    });
  });
});

describe('opening', () => {
  test('each of several is opened, or has its reason', async () => {
    await config(
      'repositories:\n  near: { path: near, required: false, limits: { uploadPerSecond: 1 MB } }\n',
    );
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(other, 'letter'), 'dear diary');
    const given = await session(['--repo', 'made', '--repo', 'near', '--repo', 'other']);
    const found = await openRepositories(given);
    expect(found).toMatchObject([
      { name: join(folder, 'made'), required: true, repository: { code: 'repository-missing' } },
      { name: 'near', required: false, repository: { code: 'repository-missing' } },
      { name: other, required: true, repository: { code: 'repository-foreign' } },
    ]);
    const [made, , foreign] = await withMissingMade(given, found);
    expect(foreign).toBe(found[2]);
    expect(made!.repository).not.toBeInstanceOf(Failure);
    expect((await openRepository(given)).location).toBe(join(folder, 'made'));
  });

  test('a bucket that does not answer is not waited for beside others', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    await writeFile(join(folder, 'keys'), 'ACCESS_KEY=A\nSECRET_KEY=S\n', { mode: 0o600 });
    const endpoint = `http://127.0.0.1:${port}`;
    const where = ['--s3-endpoint', endpoint, '--s3-credentials-file', 'keys', '--s3-region', 'r'];
    const given = await session(['--repo', 'near', '--repo', 's3://bucket', ...where]);
    const [near, far] = await openRepositories(given, 300);
    expect([near, far]).toMatchObject([
      { repository: { code: 'repository-missing' } },
      {
        repository: {
          code: 's3-unreachable',
          why: 'it could not be opened within 0.3s',
          details: { endpoint },
        },
      },
    ]);
    expect(sockets.length).toBeGreaterThan(0);
    const asked = sockets.length;
    const [made, same] = await withMissingMade(given, [near!, far!]);
    expect(made!.repository).not.toBeInstanceOf(Failure);
    expect([same, sockets.length]).toEqual([far, asked]);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  test('the words that find it again can be pasted', async () => {
    await config('repositories:\n  far: { s3: { bucket: b } }\n');
    const given = await session([
      '--repo',
      'far',
      '--state-dir',
      's',
      '--signing-key',
      'k',
      '--cluster',
      'c',
    ]);
    const key = ['--signing-key', join(folder, 'k')];
    expect(wayFlags(given, 'far')).toEqual(key);
    expect(queueFlags(given, true)).toEqual(['--state-dir', join(folder, 's'), ...key]);
    expect(queueFlags(given, false)).toEqual(['--state-dir', join(folder, 's')]);
    expect(placeFlags(await session(['--repo', 'x y']))).toEqual(['--repo', join(folder, 'x y')]);
    expect(placeFlags(await session(['--repo', 'far']))).toEqual(['--repo', 'far']);
    const flags = ['--s3-endpoint', 'host:9000', '--s3-ca', join(folder, 'ca'), '--s3-skip-verify'];
    const there = await session(['--repo', 's3://b/c', ...flags], { HOLDFAST_S3_REGION: 'r' });
    expect(placeFlags(there)).toEqual(['--repo', 's3://b/c', ...flags]);
    await writeFile(join(folder, 'c.yaml'), 'repositories: { here: { path: x } }\n');
    const named = await session(['--repo', 'here', '--identity-file', 'id', '--config', 'c.yaml']);
    expect(placeFlags(named)).toEqual([
      ...['--repo', 'here', '--identity-file', join(folder, 'id')],
      ...['--config', join(folder, 'c.yaml')],
    ]);
  });

  test('secret keys and passphrases are read when something is to be opened', async () => {
    const { settings } = await session(['--identity-file', 'gone', '--require', 'any']);
    const keys = await clientKeys(settings);
    expect(keys).toMatchObject({ require: 'any', memory: join(settings.stateDir, 'repositories') });
    await expect(keys.opening!()).rejects.toMatchObject({ code: 'file-unreadable' });
    expect((await clientKeys((await session([])).settings)).opening).toBeUndefined();

    const path = join(folder, 'passphrase');
    await writeFile(path, 'correct horse\n', { mode: 0o600 });
    const said = await session(['--passphrase-file', path], { HOLDFAST_PASSPHRASE: 'other' });
    expect(await (await clientKeys(said.settings)).opening!()).toEqual({ passphrases: ['correct horse'] });
    const variable = await session([], { HOLDFAST_PASSPHRASE: 'in a variable' });
    expect(await (await clientKeys(variable.settings)).opening!()).toEqual({
      passphrases: ['in a variable'],
    });
    await chmod(path, 0o644);
    await expect((await clientKeys(said.settings)).opening!()).rejects.toMatchObject({
      code: 'secret-file-exposed',
    });
  });

  test('a signing key and trusted keys that cannot be read are told at once', async () => {
    const { settings } = await session(['--signing-key', 'gone']);
    await expect(clientKeys(settings)).rejects.toMatchObject({ code: 'file-unreadable' });
    await writeFile(join(folder, 'trusted'), 'age1xyz\n');
    const trusting = await session(['--trusted-keys', 'trusted']);
    await expect(clientKeys(trusting.settings)).rejects.toMatchObject({ code: 'trusted-keys-invalid' });
  });
});
