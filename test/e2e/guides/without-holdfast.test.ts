import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  etcdOrSkip,
  planCluster,
  sealingPrograms,
  sealingProgramsOrSkip,
  startCluster,
  startPlanned,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdfast } from '../product.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/guides/without-holdfast.md'), 'utf8');
/** The page's commands, block by block. */
const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!);

const skips = [await etcdOrSkip('3.6'), await sealingProgramsOrSkip()];

describe.skipIf(skips.some(({ skip }) => skip))('the guide Without Holdfast', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'holdfast-guide-'))));
  afterAll(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);

  async function done(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await holdfast(args, undefined, { HOLDFAST_STATE_DIR: at('state') });
    expect({ args, status, stderr: status === 0 ? '' : stderr }).toMatchObject({ status: 0 });
    return stdout;
  }

  test('opens, checks and restores a sealed snapshot with age, zstd, openssl, tar and etcdutl alone', async () => {
    await using cluster = await startCluster({ version: '3.6' });
    for (let i = 0; i < 50; i++) await cluster.gateway().put(`/a/${i}`, `value ${i}`.repeat(100));
    const companion = 'the CA of the cluster';
    const ca = at('node/etc/kubernetes/pki/ca.crt');
    mkdirSync(dirname(ca), { recursive: true });
    writeFileSync(ca, companion);

    const keys = ['--new-identity', at('keys.txt'), '--new-signing-key', at('signing.pem')];
    await done('repo', 'init', '--repo', at('repository'), ...keys);
    const where = [
      '--endpoints',
      cluster.endpoints.join(','),
      '--repo',
      at('repository'),
      '--cluster',
      'prod',
    ];
    const companions = ['--companions-root', at('node')];
    await done(
      'snapshot',
      'save',
      ...where,
      '--name',
      'nightly',
      '--signing-key',
      at('signing.pem'),
      ...companions,
    );
    execFileSync('openssl', ['pkey', '-in', at('signing.pem'), '-pubout', '-out', at('signer.pem')]);

    const plan = await planCluster({ version: '3.6' });
    const { age, zstd } = await sealingPrograms();
    const [{ name, dataDir, peerUrl }] = plan.members as [(typeof plan.members)[number]];
    const script = blocks
      .join('\n')
      .replaceAll('/var/tmp', folder)
      .replaceAll('/var/lib/etcd-restored', dataDir)
      .replaceAll('https://10.0.0.1:2380', peerUrl)
      .replaceAll('m1', name)
      .replace(/--initial-cluster-token \S+ \S+\s/, `--initial-cluster-token ${plan.token} `);
    const [clusterId] = readdirSync(at('repository/clusters'));
    const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', script], {
      encoding: 'utf8',
      env: {
        PATH: [dirname(age), dirname(zstd), dirname(plan.binaries.etcdutl!), '/usr/bin', '/bin'].join(':'),
        REPOSITORY: at('repository'),
        CLUSTER_ID: clusterId,
        SNAPSHOT: 'nightly',
        SIGNER: at('signer.pem'),
        KEYS: at('keys.txt'),
      },
    });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('Signature Verified Successfully');
    const [, wanted] = /^([0-9a-f]{64})$/m.exec(stdout) ?? [];
    expect(stdout).toContain(`${wanted}  ${at('restore.db')}`);
    const [lease] = /^\.\.\/\.\.\/lease\/\d+\.json$/m.exec(stdout) ?? [];
    const entry = join(at('repository/clusters'), clusterId!, 'snapshots/nightly', lease!);
    expect(readFileSync(entry, 'utf8')).toContain('"commit"');
    expect(readFileSync(at('companions/etc/kubernetes/pki/ca.crt'), 'utf8')).toBe(companion);

    await using restored = await startPlanned(plan, { restored: true });
    const { keyValues } = await restored.gateway().range({ key: '/a/7' });
    expect(keyValues.map(({ value }) => value.toString())).toEqual(['value 7'.repeat(100)]);
  });
});
