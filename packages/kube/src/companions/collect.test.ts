import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectDistribution, type RootReader } from '../distribution.ts';
import { apiServerManifest } from '../testing/clusters.ts';
import { collectCompanions } from './collect.ts';

let root: string;
let reader: RootReader;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-companions-'));
  reader = {
    async read(path) {
      try {
        return await readFile(join(root, path));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async list(folder) {
      const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    },
  };
});
afterEach(() => rm(root, { recursive: true }));

async function put(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await write(path, `content of ${path}`);
}

async function write(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

describe('a distribution', () => {
  it.each([
    ['rke2', '/var/lib/rancher/rke2/server/token'],
    ['rke2', '/etc/rancher/rke2/config.yaml'],
    ['k3s', '/var/lib/rancher/k3s/server/token'],
    ['k3s', '/etc/rancher/k3s/config.yaml'],
    ['rke', '/etc/kubernetes/ssl/kube-ca.pem'],
    ['kubeadm', '/etc/kubernetes/pki/ca.crt'],
    ['plain', '/etc/etcd/etcd.conf'],
  ])('is %s with %s', async (distribution, path) => {
    await put(path);
    expect(await detectDistribution(reader)).toBe(distribution);
  });

  it('of the server goes before leftovers of another', async () => {
    await put('/etc/kubernetes/manifests/kube-apiserver.yaml', '/var/lib/rancher/rke2/server/token');
    expect(await detectDistribution(reader)).toBe('rke2');
  });
});

describe('companions', () => {
  it('of kubeadm are those of the list and those that the API server is started with', async () => {
    await put(
      '/etc/kubernetes/pki/ca.crt',
      '/etc/kubernetes/pki/ca.key',
      '/etc/kubernetes/pki/etcd/peer.key',
      '/etc/kubernetes/pki/notes.txt',
      '/etc/kubernetes/admin.conf',
      '/etc/kubernetes/extra/audit.yaml',
      '/srv/oidc.pem',
    );
    const flags = [
      '--audit-policy-file=/etc/kubernetes/extra/audit.yaml',
      '--oidc-ca-file=/srv/oidc.pem',
      '--tracing-config-file=/etc/kubernetes/extra/tracing.yaml',
    ];
    await write('/etc/kubernetes/manifests/kube-apiserver.yaml', apiServerManifest(...flags));
    const { companions, left } = await collectCompanions('kubeadm', reader);
    expect(companions.map(({ path, secret }) => `${path}${secret ? ' (secret)' : ''}`)).toEqual([
      '/etc/kubernetes/pki/ca.crt',
      '/etc/kubernetes/pki/ca.key (secret)',
      '/etc/kubernetes/pki/etcd/peer.key (secret)',
      '/etc/kubernetes/manifests/kube-apiserver.yaml',
      '/etc/kubernetes/admin.conf (secret)',
      '/etc/kubernetes/extra/audit.yaml (secret)',
      // /srv is no folder of the node for that pod: it is in its image, and the node's is another file.
    ]);
    expect(Buffer.from(companions[1]!.content).toString()).toBe('content of /etc/kubernetes/pki/ca.key');
    expect(companions.at(-1)!.why).toBe('the API server is started with it (--audit-policy-file)');
    expect(left).toEqual([]);
  });

  it('of K3s follow its data folder and what its configuration hands to the API server', async () => {
    await put(
      '/data/server/token',
      '/data/server/tls/etcd/peer-ca.key',
      '/srv/policy.yaml',
      '/srv/more.yaml',
    );
    await write('/etc/rancher/k3s/config.yaml', 'kube-apiserver-arg: audit-policy-file=/srv/policy.yaml\n');
    await write(
      '/etc/rancher/k3s/config.yaml.d/10-more.yaml',
      'kube-apiserver-arg+:\n  - --authentication-config=/srv/more.yaml\n  - v=2\n',
    );
    const { companions } = await collectCompanions('k3s', reader, { dataDir: '/data' });
    expect(companions.map(({ path }) => path)).toEqual([
      '/data/server/token',
      '/data/server/tls/etcd/peer-ca.key',
      '/etc/rancher/k3s/config.yaml',
      '/etc/rancher/k3s/config.yaml.d/10-more.yaml',
      '/srv/policy.yaml',
      '/srv/more.yaml',
    ]);
  });

  it('that cannot be taken are named', async () => {
    await put('/etc/kubernetes/pki/sa.pub');
    await write('/etc/kubernetes/pki/ca.crt', Buffer.alloc(5 * 1024 * 1024));
    const { companions, left } = await collectCompanions('kubeadm', {
      ...reader,
      read: async (path) => {
        if (path.endsWith('sa.key')) throw new Error('permission denied');
        return reader.read(path);
      },
    });
    expect(companions.map(({ path }) => path)).toEqual(['/etc/kubernetes/pki/sa.pub']);
    expect(left).toEqual([
      { path: '/etc/kubernetes/pki/ca.crt', why: 'it has 5.00 MiB, and a companion at most 4.00 MiB' },
      { path: '/etc/kubernetes/pki/sa.key', why: 'permission denied' },
    ]);
  });

  it('are at most as many as fit into memory', async () => {
    const many = Array.from({ length: 2_010 }, (_, at) => `${at}.conf`);
    const of = async (size: number) =>
      collectCompanions('kubeadm', {
        list: async (folder) => (folder === '/etc/cni/net.d' ? many : []),
        read: async (path) => (path.endsWith('.conf') ? Buffer.alloc(size) : undefined),
      });
    const tooMany = await of(1);
    expect([tooMany.companions.length, tooMany.left.length]).toEqual([2_000, 10]);
    expect(tooMany.left[0]!.why).toBe('there are more than 2000 files');
    const tooLarge = await of(3 * 1024 * 1024);
    expect([tooLarge.companions.length, tooLarge.left.length]).toEqual([10, 2_000]);
    expect(tooLarge.left[0]!.why).toBe('the files together have more than 32.0 MiB');
  });

  it('come of a manifest that people have broken as well, only without what it names', async () => {
    for (const broken of ['', ':', '- a\n- b', 'spec: {containers: 7}', 'spec: {containers: [null]}', '{']) {
      await write('/etc/kubernetes/manifests/kube-apiserver.yaml', broken);
      const { companions } = await collectCompanions('kubeadm', reader);
      expect(companions).toHaveLength(1);
    }
  });
});
