import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { openRepository, openS3 } from '@holdfast/repository';
import { initKeys } from '@holdfast/repository/keys';
import { makeSigningKeyFile, type SigningKey } from '@holdfast/repository/manifest';
import { formatSecretKeyFile, generateSecretKey } from '@holdfast/repository/object';
import { storeSealed } from '@holdfast/repository/testing';
import {
  etcdOrSkip,
  killEtcdsUnder,
  memberCommand,
  openGateway,
  planCluster,
  prefixEnd,
  s3OrSkip,
  s3Server,
  sealingProgramsOrSkip,
  startPlanned,
  targetOf,
  type ClusterPlan,
  type S3Server,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdfast } from '../product.ts';

const etcd = await etcdOrSkip('3.6');
const programs = await sealingProgramsOrSkip();
const skip = etcd.skip || (await s3OrSkip('minio')).skip;
const uid = '59c5e2dd-5902-44f8-a77e-cc5978b96b4c';
const otherUid = '7d2a1c9b-0f3e-4b6d-8a55-1e2f3a4b5c6d';
const secret = await generateSecretKey();

describe.skipIf(skip)('a sealed snapshot in a bucket', () => {
  let server: S3Server;
  let folder: string;
  let plan: ClusterPlan;
  let content: Buffer;
  let env: NodeJS.ProcessEnv;
  let node: SigningKey;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-sealed-'));
    server = await s3Server('minio');
    await server.makeBucket('backups');
    writeFileSync(join(folder, 'ca.pem'), server.ca);
    writeFileSync(join(folder, 'key.txt'), formatSecretKeyFile(secret, new Date()), { mode: 0o600 });
    node = await makeSigningKeyFile(join(folder, 'signing.pem'));
    writeFileSync(join(folder, 'signers.pem'), node.publicKey.toPem());
    env = {
      HOME: folder,
      TMPDIR: folder,
      HOLDFAST_REPO: 's3://backups/prod',
      HOLDFAST_STATE_DIR: join(folder, 'state'),
      HOLDFAST_S3_ENDPOINT: server.endpoint,
      HOLDFAST_S3_CA: join(folder, 'ca.pem'),
      HOLDFAST_IDENTITY_FILE: join(folder, 'key.txt'),
      HOLDFAST_TRUSTED_KEYS: join(folder, 'signers.pem'),
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    await fill();
    // The first look at the keys of a repository comes with a warning.
    await run('snapshot list');
  });
  afterAll(async () => {
    if (plan !== undefined) await killEtcdsUnder(plan.dir);
    await server?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  /** One member with a little Kubernetes, saved, written to since, and stopped; the snapshot is stored sealed. */
  async function fill(): Promise<void> {
    plan = await planCluster({ version: '3.6', dir: join(folder, 'live') });
    const cluster = await startPlanned(plan);
    const gateway = cluster.gateway();
    const kubeSystem = { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'kube-system', uid } };
    await gateway.put('/registry/namespaces/kube-system', JSON.stringify(kubeSystem));
    for (let i = 0; i < 200; i += 1) await gateway.put(`/registry/pods/${i}`, `pod ${i} `.repeat(200));
    const file = join(folder, 'saved.db');
    await cluster.snapshotSave(file);
    const { revision } = await gateway.status();
    const hashKv = { revision, ...(await gateway.hashKv(revision)) };
    for (let i = 0; i < 5; i += 1) await gateway.put(`/registry/pods/late-${i}`, 'late');
    const { clusterId } = await gateway.status();
    await cluster.stopAll();
    cluster.leave();
    content = readFileSync(file);
    rmSync(file);
    await store({ etcdId: clusterId.toString(16), revision, hashKv });
  }

  async function store(figures: {
    etcdId: string;
    revision: number;
    hashKv: { revision: number; compactRevision: number; hash: number };
  }): Promise<void> {
    const { etcdId, ...rest } = figures;
    const credentials = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
    const storage = await openS3(
      {
        ...{ bucket: 'backups', folder: 'prod', endpoint: server.endpoint, region: server.region },
        ...{ ca: server.ca, credentials },
      },
      { random: Math.random, variables: {}, warn: () => {} },
    );
    const keys = { signing: node };
    const { record } = await openRepository(storage, { create: true, keys });
    await initKeys(
      { storage, repositoryId: record.id, client: keys, clock: systemClock },
      [{ name: 'ops', key: secret.publicKey }],
      [{ name: 'node-1', key: node.publicKey }],
    );
    const repository = await openRepository(storage, { create: false, keys });
    for (const [name, kubernetesUid] of [
      ['prod', uid],
      ['other', otherUid],
    ] as const) {
      const { id } = await repository.addCluster(name, kubernetesUid);
      await storeSealed(repository, { id, name }, `${name}-1`, content, {
        changes: { cluster: { id, name, etcdId, kubernetesUid }, ...rest },
      });
    }
  }

  const run = async (args: string, more: NodeJS.ProcessEnv = {}) =>
    await holdfast(args.split(' '), undefined, { ...env, ...more });
  async function json<T>(args: string): Promise<T> {
    const { status, stdout, stderr } = await run(`${args} -o json`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout) as T;
  }
  const locked = { HOLDFAST_IDENTITY_FILE: '' };

  test('is verified, listed and shown; without a key it is listed and shown alone', async () => {
    // Who cannot sign proves it as well, and nobody else takes his word for it.
    const unsigned = await run('snapshot verify prod-1');
    expect([unsigned.status, unsigned.stderr]).toEqual([
      0,
      expect.stringContaining('the evidence was not kept'),
    ]);
    expect((await run('snapshot list -o json --cluster prod')).stdout).toContain('"state": "stored"');
    const evidence = await json<{ checks: { outcome: string }[] }>(
      `snapshot verify prod-1 --signing-key ${join(folder, 'signing.pem')}`,
    );
    expect(evidence.checks.map(({ outcome }) => outcome)).toEqual(Array(7).fill('passed'));
    const { items } = await json<{ items: object[] }>('snapshot list --cluster prod');
    expect(items).toMatchObject([
      { name: 'prod-1', state: 'verified', trust: { trusted: true, by: [{ name: 'node-1' }] } },
    ]);
    const shown = await run('snapshot show prod-1', locked);
    expect(shown.stdout).toMatch(/snapshot\.db\.zst\.age +zstd\+age, .+ of /);
    expect(shown.stdout).toMatch(/sealed for +ops \(age1/);
    expect(shown.stdout).toMatch(/signed +node-1 \(SHA256:/);
    for (const verb of ['verify prod-1', 'export prod-1 --to out.db']) {
      const refused = await run(`snapshot ${verb}`, locked);
      expect([refused.status, refused.stderr]).toEqual([12, expect.stringContaining('--identity-file')]);
    }
    const restored = await run('snapshot list -o wide --cluster prod');
    expect(restored.stdout).toMatch(/STORED +TRUST/);
  });

  test('is exported opened, and unopened for other programs', async () => {
    const [plain, sealed] = [join(folder, 'out.db'), join(folder, 'out')];
    expect((await run(`snapshot export prod-1 --to ${plain}`)).status).toBe(0);
    expect(readFileSync(plain).equals(content)).toBe(true);
    rmSync(plain);
    expect((await run(`snapshot export prod-1 --sealed --to ${sealed}`, locked)).status).toBe(0);
    expect(readdirSync(sealed).toSorted()).toEqual(['manifest.json', 'snapshot.db.zst.age']);
    if (programs.skip) return;
    const { age, zstd } = programs.had;
    const opened = execFileSync(
      'sh',
      ['-c', `"${age}" -d -i "${folder}/key.txt" "${sealed}/snapshot.db.zst.age" | "${zstd}" -dc`],
      { maxBuffer: 1 << 30 },
    );
    expect(sha256(opened)).toBe(sha256(content));
  });

  test('becomes a data directory, with no plain snapshot on the way, and says of which cluster it is', async () => {
    const dataDir = join(folder, 'data');
    const { stdout, status } = await run(
      `restore datadir --snapshot prod-1 --cluster prod --data-dir ${dataDir} --name m1 --initial-cluster m1=http://127.0.0.1:1 --initial-advertise-peer-urls http://127.0.0.1:1`,
    );
    expect([status, stdout]).toEqual([0, expect.stringContaining(`Kubernetes ${uid}`)]);
    expect(readdirSync(join(dataDir, 'member', 'snap')).toSorted()).toEqual([
      '0000000000000001-0000000000000001.snap',
      'db',
    ]);
    rmSync(dataDir, { recursive: true });
    expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toEqual([]);
  });

  test('passes a drill, of which only the report stays', async () => {
    const program = etcd.skip ? '' : etcd.binaries.etcd;
    const report = await json<{ checks: { check: string; outcome: string }[] }>(
      `drill run prod-1 --etcd ${program}`,
    );
    expect(report.checks.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(readdirSync(join(folder, 'state', 'drills'))).toHaveLength(1);
  });

  test('brings its cluster back, and no other', async () => {
    const [member] = plan.members;
    const file = join(folder, 'cluster.json');
    const description = {
      apiVersion: 'holdfast.dev/v1',
      kind: 'ClusterDescription',
      name: 'prod',
      members: [
        {
          name: member!.name,
          peerUrls: [member!.peerUrl],
          clientUrls: [member!.clientUrl],
          dataDir: member!.dataDir,
          run: { driver: 'process', command: memberCommand(plan, member!), logFile: member!.logFile },
        },
      ],
      controlPlane: [],
    };
    writeFileSync(file, JSON.stringify(description));
    const request = `--cluster-file ${file} --way snapshot`;
    // etcd's own id of both is the same here: the UID of kube-system tells them apart.
    const foreign = await run(`restore plan ${request} --cluster other --snapshot other-1`);
    expect([foreign.status, foreign.stderr]).toEqual([14, expect.stringContaining(`Kubernetes ${otherUid}`)]);

    const out = join(folder, 'plan.json');
    const planned = await run(`restore plan ${request} --cluster prod --snapshot prod-1 --out ${out}`);
    expect([planned.status, planned.stderr]).toEqual([0, expect.not.stringContaining('warning')]);
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({
      source: { path: null, stored: { repository: 's3://backups/prod', name: 'prod-1', clusterId: uid } },
    });
    const nowhere = await run(`restore run --plan ${out} --confirm prod`, { HOLDFAST_REPO: '' });
    expect([nowhere.status, nowhere.stderr]).toEqual([14, expect.stringContaining('--repo')]);
    const keyless = await run(`restore run --plan ${out} --confirm prod`, locked);
    expect(keyless.status).toBe(12);

    // It saves what it finds, and what it has made.
    const signing = { HOLDFAST_SIGNING_KEY: join(folder, 'signing.pem') };
    const { status, stderr } = await run(`restore run --plan ${out} --confirm prod`, signing);
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    const gateway = openGateway(targetOf(plan, member));
    try {
      const pods = '/registry/pods/';
      expect(await gateway.range({ key: pods, end: prefixEnd(pods) })).toMatchObject({ count: 200 });
    } finally {
      gateway.close();
    }
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
