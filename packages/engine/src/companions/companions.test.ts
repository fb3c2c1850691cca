import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '@holdfast/base';
import type { Distribution, SnapshotFacts } from '@holdfast/kube';
import {
  apiServerManifest,
  bootstrapPair,
  encryptedSecret,
  encryptionConfiguration,
  factsOf,
  type NodeFiles,
  type Openssl,
  password,
  pkiFiles,
  startOpenssl,
} from '@holdfast/kube/testing';
import { companionsOutcome, CompanionsRecord } from '@holdfast/model';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkCollected, type CollectedNode, collectNode, openNodeRoot } from './index.ts';
import { secretsIn } from './testing/secrets-in.ts';

const now = new Date('2026-06-01T00:00:00Z');
const pki: Partial<Record<Distribution, NodeFiles>> = {};
let openssl: Openssl;
beforeAll(async () => {
  openssl = await startOpenssl();
  for (const each of ['kubeadm', 'k3s', 'rke2', 'rke'] as const) pki[each] = await pkiFiles(each, openssl);
});
afterAll(() => openssl[Symbol.asyncDispose]());

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-companions-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(files: Iterable<readonly [string, Uint8Array | string]>): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}
const collect = async (
  options: { distribution?: Distribution; dataDir?: string } = {},
): Promise<CollectedNode> =>
  collectNode({
    root: await openNodeRoot(folder),
    node: 'cp-1',
    clock: { ...systemClock, now: () => now },
    ...options,
  });

const uid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
const namespace = ['/registry/namespaces/kube-system', JSON.stringify({ metadata: { uid } })] as const;
const secret = ['/registry/secrets/default/a', encryptedSecret()] as const;
const encryptionFile = '/etc/kubernetes/extra/encryption.yaml';

const kubeadm = (): [string, Uint8Array | string][] => [
  ...pki.kubeadm!,
  [
    '/etc/kubernetes/manifests/kube-apiserver.yaml',
    apiServerManifest(`--encryption-provider-config=${encryptionFile}`),
  ],
  ['/etc/kubernetes/manifests/kube-controller-manager.yaml', 'kind: Pod'],
  ['/etc/kubernetes/manifests/kube-scheduler.yaml', 'kind: Pod'],
  ['/etc/kubernetes/manifests/etcd.yaml', 'kind: Pod'],
  [encryptionFile, encryptionConfiguration()],
];
const rancher = (name: 'k3s' | 'rke2'): [string, Uint8Array | string][] => [
  ...pki[name]!,
  [`/var/lib/rancher/${name}/server/token`, `${password}\n`],
  [`/var/lib/rancher/${name}/server/cred/encryption-config.json`, encryptionConfiguration()],
  [`/etc/rancher/${name}/config.yaml`, `token: ${password}\n`],
];
const bootstrap = (name: 'k3s' | 'rke2'): readonly [string, Uint8Array] => {
  const tls = (file: string): Uint8Array => pki[name]!.get(`/var/lib/rancher/${name}/server/tls/${file}`)!;
  return bootstrapPair({
    ServerCA: tls('server-ca.crt'),
    ServerCAKey: tls('server-ca.key'),
    ClientCA: tls('client-ca.crt'),
    ClientCAKey: tls('client-ca.key'),
    ServiceKey: tls('service.key'),
  });
};

interface Cluster {
  readonly distribution: Distribution;
  readonly files: () => [string, Uint8Array | string][];
  readonly facts: () => SnapshotFacts;
  readonly checks: readonly string[];
}
const clusters: readonly Cluster[] = [
  {
    distribution: 'kubeadm',
    files: kubeadm,
    facts: () => factsOf(namespace, secret),
    checks: ['references', 'encryption-key', 'cluster-ca', 'certificate', 'account-keys'],
  },
  {
    distribution: 'k3s',
    files: () => rancher('k3s'),
    facts: () => factsOf(namespace, secret, bootstrap('k3s')),
    checks: ['join-token', 'bootstrap-data', 'encryption-key', 'certificate', 'account-keys'],
  },
  {
    distribution: 'rke2',
    files: () => rancher('rke2'),
    facts: () => factsOf(namespace, secret, bootstrap('rke2')),
    checks: ['join-token', 'bootstrap-data', 'encryption-key', 'certificate', 'account-keys'],
  },
  {
    distribution: 'rke',
    files: () => [
      ...pki.rke!,
      ['/etc/kubernetes/ssl/encryption.yaml', encryptionConfiguration()],
      ['/etc/kubernetes/cluster.rkestate', '{"desiredState":{}}'],
    ],
    facts: () => factsOf(namespace, secret),
    checks: ['encryption-key', 'cluster-ca', 'certificate', 'account-keys'],
  },
];

describe.each(clusters)('a node of $distribution', ({ distribution, files, facts, checks }) => {
  it('is found out, collected and tried, and the record says nothing secret', async () => {
    const all = files();
    await write(all);
    const collected = await collect();
    expect(collected).toMatchObject({ distribution, node: 'cp-1', left: [] });
    expect(collected.files.map(({ path }) => path).toSorted()).toEqual(all.map(([path]) => path).toSorted());
    const record = checkCollected(collected, facts(), now);
    expect(CompanionsRecord.parse(record)).toEqual(record);
    expect(record.findings.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
    expect(record.findings.map(({ check }) => check)).toEqual(expect.arrayContaining([...checks]));
    expect(record).toMatchObject({ node: 'cp-1', kubernetes: { uid, version: null } });
    expect(secretsIn(JSON.stringify(record), collected)).toEqual([]);
    for (const file of record.files) expect(file.sha256 === null).toBe(file.secret);
  });

  it('that has lost everything but one file is told so', async () => {
    const [[path, content]] = files() as [[string, Uint8Array]];
    await write([[path, content]]);
    const record = checkCollected(await collect({ distribution }), facts(), now);
    expect(companionsOutcome(record)).toBe('failed');
    const missed = record.findings.filter(({ check }) => check === 'files');
    expect(missed.map(({ outcome }) => outcome)).toContain('failed');
  });
});

it('a node of an etcd alone gives its configuration', async () => {
  await write([
    ['/etc/etcd/etcd.conf', 'name: a'],
    ['/etc/etcd/pki/peer.key', 'a key'],
  ]);
  const collected = await collect();
  expect(collected.distribution).toBe('plain');
  const record = checkCollected(collected, factsOf(['/some/key', 'value']), now);
  expect(record.files.map(({ path, secret }) => [path, secret])).toEqual([
    ['/etc/etcd/etcd.conf', false],
    ['/etc/etcd/pki/peer.key', true],
  ]);
  expect(companionsOutcome(record)).toBe('ok');
  expect(record.kubernetes).toEqual({ version: null, uid: null });
});

const moved = async (...config: readonly (readonly [string, string])[]): Promise<CompanionsRecord> => {
  const files = rancher('k3s').filter(([path]) => path.startsWith('/var/lib/rancher/k3s'));
  await write(files.map(([path, content]) => [path.replace('/var/lib/rancher/k3s', '/data'), content]));
  await write(config.map(([path, content]) => [`/etc/rancher/k3s/${path}`, content]));
  return checkCollected(await collect(), factsOf(namespace, secret, bootstrap('k3s')), now);
};

describe('another data folder', () => {
  it('is the one that the configuration names', async () => {
    const record = await moved(['config.yaml', 'data-dir: /data/\n']);
    expect(record.distribution).toBe('k3s');
    expect(record.findings.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  });

  it('is that of the last file that names one', async () => {
    const record = await moved(
      ['config.yaml', 'data-dir: /elsewhere'],
      ['config.yaml.d/10-a.yaml', 'data-dir: /there'],
      ['config.yaml.d/20-b.yaml', 'data-dir: /data'],
      ['config.yaml.d/30-c.yaml', 'data-dir: 7'],
      ['config.yaml.d/40-d.yaml', '{'],
      ['config.yaml.d/50-e.txt', 'data-dir: /not/read'],
    );
    expect(record.findings.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  });

  it('may be told', async () => {
    await moved(['config.yaml', 'data-dir: /elsewhere']);
    const { files } = await collect({ dataDir: '/data' });
    expect(files.map(({ path }) => path)).toContain('/data/server/token');
  });
});

it('what cannot be read is named, and ends nothing', async () => {
  await write(kubeadm());
  await rm(join(folder, 'etc/kubernetes/pki/ca.key'));
  await symlink('/mnt/ca.key', join(folder, 'etc/kubernetes/pki/ca.key'));
  const root = await openNodeRoot(folder);
  const collected = await collectNode({
    root: {
      ...root,
      async list(path) {
        if (path === '/etc/cni/net.d') throw new Error('permission denied');
        return root.list(path);
      },
    },
    clock: systemClock,
  });
  expect(collected.files.length).toBeGreaterThan(10);
  expect(collected.left).toEqual([
    { path: '/etc/kubernetes/pki/ca.key', why: 'it is a link to /mnt, which is not there' },
    { path: '/etc/cni/net.d', why: 'what is in it cannot be listed: permission denied' },
  ]);
  const { findings } = checkCollected(collected, factsOf(namespace, secret), now);
  expect(findings[0]!.sentence).toBe(
    '/etc/kubernetes/pki/ca.key is missing: new nodes and renewed certificates are signed with it. It could not be taken: it is a link to /mnt, which is not there.',
  );
});

it('a record is of a size that a manifest takes, whatever etcd holds, and the worst stays', async () => {
  await write(kubeadm());
  await rm(join(folder, 'etc/kubernetes/pki/sa.key'));
  const pairs = Array.from(
    { length: 3000 },
    (_, at) =>
      [
        `/registry/${'r'.repeat(2000)}${at}/x`,
        encryptedSecret(undefined, `${'k'.repeat(300)}${at}`),
      ] as const,
  );
  const record = checkCollected(await collect(), factsOf(namespace, ...pairs), now);
  expect(record.findings).toHaveLength(201);
  expect(record.findings[0]).toMatchObject({ check: 'files', outcome: 'failed' });
  expect(record.findings.at(-1)!.sentence).toMatch(/^\d+ further findings are left out here\.$/);
  expect(JSON.stringify(record).length).toBeLessThan(1024 * 1024);
  const many = { ...(await collect()), left: pairs.map(([path]) => ({ path, why: 'permission denied' })) };
  expect(checkCollected(many, factsOf(), now).left).toHaveLength(201);
});
