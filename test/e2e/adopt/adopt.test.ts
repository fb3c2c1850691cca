import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  etcdOrSkip,
  fillKubernetes,
  planCluster,
  rcloneCommand,
  rcloneEnvironment,
  s3OrSkip,
  s3Server,
  startCluster,
  startPlanned,
  type EtcdCluster,
  type S3Server,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdfast, type Finished } from '../product.ts';
import { bytesOf, inBucket, leaveDataDir, leaveIn, onDisk, type Inheritance } from './inheritance.ts';

const skips = [await etcdOrSkip('3.6'), await s3OrSkip('minio')];

interface Item {
  readonly name: string;
  readonly system: string;
  readonly path: string;
  readonly form: string;
  readonly state: string;
  readonly takenAt: string;
  readonly takenAtFrom: string;
  readonly companions: readonly { readonly what: string; readonly within: boolean }[];
  readonly missing: readonly string[];
  readonly notes: readonly string[];
  readonly damage: string | null;
  readonly next: string | null;
}

interface Report {
  readonly items: readonly Item[];
  readonly unknown: readonly { readonly path: string }[];
  readonly passedOver: readonly { readonly path: string; readonly why: string }[];
}

describe.skipIf(skips.some(({ skip }) => skip))('someone inherits a cluster', () => {
  let folder: string;
  let theirs: string;
  let server: S3Server;
  let uid: string;
  let keys: string;
  let disk: Inheritance;
  let bucket: Inheritance;
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-adopt-'));
    theirs = at('theirs');
    mkdirSync(at('scratch'));
    {
      await using cluster = await startCluster({ version: '3.6' });
      ({ kubeSystemUid: uid } = await fillKubernetes(cluster, { objects: 300, concurrency: 1 }));
      keys = await pairsOf(cluster);
      await cluster.snapshotSave(at('real.db'));
      await cluster.stopAll();
      const content = await readFile(at('real.db'));
      [disk, bucket] = [onDisk(content), inBucket(content)];
      leaveIn(theirs, disk);
      symlinkSync('/etc/shadow', join(theirs, 'plain/linked.db'));
      leaveDataDir(theirs, cluster.plan.members[0]!.dataDir);
    }
    server = await s3Server('minio');
    await server.makeBucket('backups');
    writeFileSync(at('ca.pem'), server.ca);
    leaveIn(at('bucket'), bucket);
    const env = { ...process.env, ...rcloneEnvironment(server, at('ca.pem')) };
    execFileSync(await rcloneCommand(), ['copy', at('bucket'), ':s3:backups/prod'], { env });
    expect((await run('repo', 'init', '--plain', '--repo', at('ours'))).status).toBe(0);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** With the way to the bucket in variables, and an etcd on the PATH. */
  async function run(...args: string[]): Promise<Finished> {
    const { binaries } = await planCluster({ version: '3.6', dir: at('tools') });
    return await holdfast(args, undefined, {
      ...{ HOME: folder, TMPDIR: at('scratch'), AWS_EC2_METADATA_DISABLED: 'true' },
      ...{ HOLDFAST_S3_ENDPOINT: server?.endpoint ?? 'x', HOLDFAST_S3_CA: at('ca.pem') },
      ...{ AWS_ACCESS_KEY_ID: server?.accessKey, AWS_SECRET_ACCESS_KEY: server?.secretKey },
      PATH: `${join(binaries.etcd, '..')}:${process.env['PATH']}`,
    });
  }

  async function report(place: string): Promise<Report> {
    const { status, stdout } = await run('adopt', place, '--verify', '-o', 'json');
    expect(status).toBe(3);
    return JSON.parse(stdout) as Report;
  }

  test('adopt tells what is there, whose, what is sound, what is missing, and what was refused and why', async () => {
    const told = [await report(theirs), await report('s3://backups/prod')].map((each) =>
      worded(each, folder),
    );
    await expect(told.join('\n')).toMatchFileSnapshot('golden/report.txt');
    expect(bytesOf(theirs, disk).filter(([, same]) => !same)).toEqual([]);
    expect(readdirSync(at('scratch'))).toEqual([]);
    expect(existsSync(at('outside')) || existsSync(at('theirs/outside'))).toBe(false);
  });

  test('one after another is imported, what is damaged is told of, and a second time all is there', async () => {
    const into = ['--repo', at('ours'), '--cluster', 'prod'];
    const first = await run('adopt', theirs, '--import', 'all', ...into, '-o', 'json');
    expect(first.status).toBe(3);
    const results = itemsOf(first);
    const failed = results.filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ name, code }) => [name, code])).toEqual([['changed.db', 'foreign-damaged']]);
    // Six files hold the same snapshot.
    expect(results.filter(({ outcome }) => outcome === 'imported').length).toBe(2);

    // The flags are about the bucket, and the repository is a folder.
    const reach = ['--s3-endpoint', server.endpoint, '--s3-ca', at('ca.pem')];
    const listed = await run('adopt', 's3://backups/prod', ...reach, '-o', 'json');
    const { items } = JSON.parse(listed.stdout) as Report;
    expect(items[0]?.next).toContain(`--from s3://backups/prod ${reach.join(' ')} --repo REPO`);
    const second = await run(
      'adopt',
      's3://backups/prod',
      '--import',
      'all',
      ...into,
      ...reach,
      '-o',
      'json',
    );
    expect(itemsOf(second).map(({ outcome }) => outcome)).not.toContain('imported');
    const shown = JSON.parse((await run('snapshot', 'list', '--repo', at('ours'), '-o', 'json')).stdout) as {
      items: { clusterId: string }[];
    };
    // By the UID of kube-system, which is in the snapshot.
    expect(shown.items.map(({ clusterId }) => clusterId)).toEqual([uid, uid]);
    const unsaid = await run('snapshot', 'import', join(theirs, 'plain/nightly.db'), '--repo', at('ours'));
    expect(unsaid).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('is there already') as string,
    });
  });

  test('each sound one is restored into a data directory, and an etcd has its keys', async () => {
    for (const name of [...disk.sound, 'cp-9']) await expectRestored(['--from', theirs, '--snapshot', name]);
    for (const name of bucket.sound)
      await expectRestored(['--from', 's3://backups/prod', '--snapshot', name]);
    const zip = [...disk.files.keys()].find((path) => path.endsWith('Z.zip'))!;
    await expectRestored(['--file', join(theirs, zip)]);
    await expectRestored(['--snapshot', 'latest', '--repo', at('ours')]);
    expect(readdirSync(at('scratch'))).toEqual([]);
  });

  test('what is hostile or damaged is refused by its name, and nothing is left of it', async () => {
    const member = ['--name', 'm1', '--initial-cluster', 'm1=http://127.0.0.1:2380'];
    const peers = ['--initial-advertise-peer-urls', 'http://127.0.0.1:2380'];
    for (const [name, code, status] of [
      ['slip-snapshot.zip', 'foreign-unusable', 14],
      ['link-snapshot.zip', 'foreign-unusable', 14],
      ['bomb-snapshot.zip', 'foreign-unusable', 14],
      ['changed.db', 'foreign-damaged', 4],
      ['no such', 'foreign-missing', 1],
    ] as const) {
      const from = ['--from', theirs, '--snapshot', name, '--data-dir', at('refused')];
      const restored = await run('restore', 'datadir', ...from, ...member, ...peers, '-o', 'json');
      expect({ name, status: restored.status }).toEqual({ name, status });
      expect(JSON.parse(restored.stderr.trim().split('\n').at(-1)!)).toMatchObject({ code });
      expect(existsSync(at('refused'))).toBe(false);
    }
    expect(readdirSync(at('scratch'))).toEqual([]);
  });

  test('every command of the guide does what the page says', async () => {
    const guide = await readFile(
      join(import.meta.dirname, '../../../docs/guides/inheriting-a-cluster.md'),
      'utf8',
    );
    const commands = [...guide.matchAll(/```sh\n(.*?)```/gs)]
      .flatMap(([, block]) => block!.replaceAll('\\\n', ' ').trim().split('\n'))
      .map((line) => line.trim().split(/\s+/).slice(1));
    expect(commands.length).toBeGreaterThan(10);
    const places = new Map([
      ...[
        ['/opt/rke/etcd-snapshots', theirs],
        ['/backup', at('sealed')],
      ],
      ...[
        ['/root/', `${folder}/`],
        ['/var/lib/etcd-restored', at('restored')],
        ['/restore', at('given')],
      ],
    ] as [string, string][]);
    mkdirSync(at('given'));
    for (const words of commands) {
      const given = words.map((word) => {
        const [from, to] = [...places].find(([each]) => word.startsWith(each)) ?? ['', ''];
        return to === '' ? word : `${to}${word.slice(from.length)}`;
      });
      const { status, stderr } = await run(
        ...given,
        ...(given[0] === 'drill' ? ['--state-dir', at('state')] : []),
      );
      // There are damaged and unusable ones in both places.
      const expected = given[0] === 'adopt' ? 3 : 0;
      expect({ words, status, stderr: status === expected ? '' : stderr }).toEqual({
        ...{ words, status: expected, stderr: '' },
      });
    }
  });

  async function expectRestored(source: readonly string[]): Promise<void> {
    const plan = await planCluster({ version: '3.6' });
    const [{ name, dataDir, peerUrl }] = plan.members as [(typeof plan.members)[number]];
    const { status, stderr } = await run(
      ...['restore', 'datadir', ...source, '--data-dir', dataDir, '--name', name],
      ...['--initial-cluster', plan.initialCluster, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster-token', plan.token],
    );
    expect({ source, status, stderr: status === 0 ? '' : stderr }).toMatchObject({ status: 0, stderr: '' });
    await using cluster = await startPlanned(plan, { restored: true });
    expect({ source, same: (await pairsOf(cluster)) === keys }).toEqual({ source, same: true });
  }
});

/** All keys of a cluster with their values, to be compared. */
async function pairsOf(cluster: EtcdCluster): Promise<string> {
  const { keyValues } = await cluster.gateway().rangeAll();
  expect(keyValues.length).toBeGreaterThan(300);
  const hash = createHash('sha256');
  for (const { key, value } of keyValues) hash.update(key).update('=').update(value).update(';');
  return hash.digest('hex');
}

function itemsOf({ stdout }: Finished): { name: string; outcome: string; code?: string }[] {
  return (JSON.parse(stdout) as { items: { name: string; outcome: string; code?: string }[] }).items;
}

/** A report without what differs from run to run: sizes, hashes, places of damage. */
function worded({ items, unknown, passedOver }: Report, folder: string): string {
  const lines = items.map(({ system, path, form, state, takenAt, takenAtFrom, companions, ...rest }) =>
    [
      `${system} ${path} (${form}): ${state}; ${takenAtFrom} ${takenAtFrom === 'file' && path === 'cp-9' ? 'now' : takenAt}`,
      ...companions.map(({ what, within }) => `  with ${what}${within ? ' inside' : ''}`),
      ...rest.missing.map((each) => `  missing: ${each}`),
      ...rest.notes.map((each) => `  note: ${each}`),
      // What the changed byte was of differs too; that the hash tells of it does not.
      ...(rest.damage === null ? [] : [`  damage: ${rest.damage.split(';')[0]}`]),
      ...(rest.next === null ? [] : [`  next: ${rest.next}`]),
    ].join('\n'),
  );
  return [
    ...lines,
    ...unknown.map(({ path }) => `unknown: ${path}`),
    ...passedOver.map(({ path, why }) => `passed over: ${path}: ${why}`),
    '',
  ]
    .join('\n')
    .replaceAll(folder, 'FOLDER')
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'SHA256')
    .replaceAll(/\b\d{5,}\b(?!-|_)/g, 'N');
}
