import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
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
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const checkout = join(import.meta.dirname, '../../..');
const program = '/usr/local/bin/holdfast';

/** The system's libraries that a program is linked with, and what loads them. */
function librariesOf(file: string): string[] {
  const listed = execFileSync('ldd', [file], { encoding: 'utf8' });
  return [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!).sort();
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join('/', relative(folder, parentPath), name))
    .sort();
}

function canBeTried(): boolean {
  if (process.getuid?.() === 0 || process.env['CI'] === 'true') return true;
  console.error('skipped: a root file system of its own takes root');
  return false;
}

const skip = !canBeTried() || (await etcdOrSkip('3.6')).skip || (await s3OrSkip('minio')).skip;

/** One story, told in order, on a machine that has the executable, the libraries of C and C++, and nothing else. */
describe.skipIf(skip)('the single executable, where there is no Node', () => {
  let machine: string;
  let etcd: EtcdCluster;
  let bucket: S3Server;
  let env: NodeJS.ProcessEnv = {};
  const onMachine = (path: string): string => join('/', relative(machine, path));

  beforeAll(async () => {
    machine = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'));
    execFileSync(process.execPath, ['scripts/bundle.ts', join(machine, dirname(program))], { cwd: checkout });
    for (const file of librariesOf(join(machine, program))) {
      mkdirSync(join(machine, dirname(file)), { recursive: true });
      copyFileSync(file, join(machine, file));
    }
    for (const folder of ['proc', 'tmp', 'root']) mkdirSync(join(machine, folder), { mode: 0o700 });
    etcd = await startCluster({ version: '3.6', tls: true });
    await etcd.gateway().put('a', 'one');
    bucket = await s3Server('minio');
    await bucket.makeBucket('backups');
    const { cacert, cert, key } = etcd.tls!;
    for (const [name, content] of Object.entries({
      'etcd-ca.pem': readFileSync(cacert),
      'etcd.pem': readFileSync(cert),
      'etcd.key': readFileSync(key),
      's3-ca.pem': bucket.ca,
    }))
      writeFileSync(join(machine, 'root', name), content, { mode: 0o600 });
  });
  afterAll(async () => {
    await etcd?.[Symbol.asyncDispose]();
    await bucket?.[Symbol.asyncDispose]();
    rmSync(machine, { recursive: true });
  });

  /** Runs it as the first process of a namespace with its own root and /proc. Throws what it printed on stderr. */
  function run(...args: string[]): string {
    const namespaces = ['--mount', '--pid', '--fork', '--kill-child'];
    const own = [...namespaces, `--root=${machine}`, '--mount-proc', '--wd=/root'];
    const PATH = process.env['PATH'];
    const options = { env: { PATH, HOME: '/root', ...env }, encoding: 'utf8', stdio: 'pipe' } as const;
    return execFileSync('unshare', [...own, program, ...args], options);
  }
  const answer = (...args: string[]): unknown => JSON.parse(run(...args, '-o', 'json'));

  function saveOf(name: string): string[] {
    const certificates = ['--cacert', 'etcd-ca.pem', '--cert', 'etcd.pem', '--key', 'etcd.key'];
    const endpoints = ['--endpoints', etcd.endpoints.join(',')];
    return ['snapshot', 'save', '--cluster', 'prod', '--name', name, ...endpoints, ...certificates];
  }

  test('there is nothing but the executable, libraries of the system and certificates', () => {
    const libraries = librariesOf(join(machine, program));
    const licences = '/usr/local/bin/THIRD-PARTY-LICENSES.txt';
    const given = ['etcd-ca.pem', 'etcd.key', 'etcd.pem', 's3-ca.pem'].map((name) => join('/root', name));
    expect(filesIn(machine)).toEqual([...libraries, licences, program, ...given].sort());
    expect(libraries.join(' ')).not.toContain('libnode');
    const text = readFileSync(join(machine, licences), 'utf8');
    for (const part of [`node-linux-${process.arch} `, 'commander ', '@aws-sdk/client-s3 '])
      expect(text).toMatch(new RegExp(`^${part}\\d.+\\(.+\\)$`, 'm'));
    expect(text).not.toMatch(/^@holdfast/m);
  });

  test('it says what it is', () => {
    const node = process.versions.node;
    expect(answer('version')).toMatchObject({ kind: 'Version', form: 'single executable', node });
  });

  test('what is wrong is said as everywhere else', () => {
    expect(() => run('snapshot', 'lisst')).toThrow(expect.objectContaining({ status: 2 }));
    expect(run('completion', 'bash')).toContain('complete -F _holdfast holdfast');
    expect(run('__complete', '--', 'snapshot', 'ver')).toMatch(/^verify\t/m);
  });

  test('it hashes a file in a thread of its own', () => {
    run(...saveOf('plain'), '--repo', '/root/backup');
    env = { NODE_OPTIONS: '--cpu-prof --cpu-prof-dir=profiles' };
    run('snapshot', 'verify', 'plain', '--repo', '/root/backup');
    // One of each thread; where the second cannot start, the first does its work.
    expect(readdirSync(join(machine, 'root/profiles'))).toHaveLength(2);
  });

  test('it saves an etcd sealed in a bucket, and lists and proves what it saved', () => {
    env = {
      HOLDFAST_REPO: 's3://backups/prod',
      HOLDFAST_S3_ENDPOINT: bucket.endpoint,
      HOLDFAST_S3_CA: 's3-ca.pem',
      AWS_ACCESS_KEY_ID: bucket.accessKey,
      AWS_SECRET_ACCESS_KEY: bucket.secretKey,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    run('repo', 'init', '--new-identity', 'holdfast.key', '--new-signing-key', 'signing.pem');
    env = { ...env, HOLDFAST_SIGNING_KEY: 'signing.pem', HOLDFAST_IDENTITY_FILE: 'holdfast.key' };
    expect(answer(...saveOf('first'))).toMatchObject({ revision: 2 });
    expect(run('snapshot', 'list', '-q')).toBe('first\n');
    expect(run('snapshot', 'show', 'first')).toMatch(/snapshot\.db\.zst\.age +zstd\+age/);
    expect(answer('snapshot', 'verify', 'first')).toMatchObject({ kind: 'Evidence', outcome: 'passed' });
  });

  test('what it restores starts in etcd and has the keys', async () => {
    const plan = await planCluster({ version: '3.6', dir: join(machine, 'new') });
    const [{ name, peerUrl, dataDir }] = plan.members as [(typeof plan.members)[number]];
    const member = ['--name', name, '--initial-advertise-peer-urls', peerUrl];
    const where = ['--data-dir', onMachine(dataDir), '--initial-cluster', plan.initialCluster];
    const restore = ['restore', 'datadir', '--snapshot', 'first'];
    const { cluster } = answer(...restore, ...member, ...where) as { cluster: { token: string } };
    await using back = await startPlanned({ ...plan, token: cluster.token }, { restored: true });
    expect((await back.gateway().range({ key: 'a' })).keyValues[0]?.value.toString()).toBe('one');
  });
});
