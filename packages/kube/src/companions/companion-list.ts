import type { Distribution } from '../distribution.ts';

/** A file that a restore needs beside the snapshot, or makes easier. */
export interface Companion {
  /** Absolute; `*` in its last part stands for any name. */
  readonly path: string;
  /** What it is for, as the end of a sentence. */
  readonly why: string;
  /** Whether it holds keys, passwords or tokens. */
  readonly secret: boolean;
  /** Without `required` nothing runs; `expected` may be kept elsewhere on purpose; `wanted` saves work. */
  readonly need: 'required' | 'expected' | 'wanted';
  /** It is only missed where this file is there. */
  readonly where?: string;
}

/** Companions of K3s and RKE2 are below this folder, `/var/lib/rancher/<distribution>` unless told otherwise. */
export interface CompanionPlaces {
  readonly dataDir?: string;
}

/** What a restore of such a cluster needs beside the snapshot. */
export function companionsOf(distribution: Distribution, { dataDir }: CompanionPlaces = {}): Companion[] {
  if (distribution === 'k3s' || distribution === 'rke2')
    return rancher(distribution, dataDir ?? `/var/lib/rancher/${distribution}`);
  return { kubeadm, rke, plain }[distribution];
}

const required = (path: string, why: string): Companion => ({ path, why, secret: false, need: 'required' });
const wanted = (path: string, why: string): Companion => ({ path, why, secret: false, need: 'wanted' });
const expected = (path: string, why: string): Companion => ({ path, why, secret: false, need: 'expected' });
const secret = (companion: Companion): Companion => ({ ...companion, secret: true });

const etcdManifest = '/etc/kubernetes/manifests/etcd.yaml';

const kubeadm: Companion[] = [
  required('/etc/kubernetes/pki/ca.crt', 'every node and client trusts the cluster by it'),
  secret(expected('/etc/kubernetes/pki/ca.key', 'new nodes and renewed certificates are signed with it')),
  required('/etc/kubernetes/pki/front-proxy-ca.crt', 'aggregated API servers trust the API server by it'),
  secret(expected('/etc/kubernetes/pki/front-proxy-ca.key', 'the front proxy certificate is signed with it')),
  secret(required('/etc/kubernetes/pki/sa.key', 'tokens of ServiceAccounts are signed with it')),
  required('/etc/kubernetes/pki/sa.pub', 'tokens of ServiceAccounts are checked with it'),
  {
    ...required('/etc/kubernetes/pki/etcd/ca.crt', 'etcd and its clients trust each other by it'),
    where: etcdManifest,
  },
  {
    ...secret(
      expected('/etc/kubernetes/pki/etcd/ca.key', 'certificates of new etcd members are signed with it'),
    ),
    where: etcdManifest,
  },
  wanted('/etc/kubernetes/pki/*.crt', 'the API server starts with them without a renewal'),
  secret(wanted('/etc/kubernetes/pki/*.key', 'the API server starts with them without a renewal')),
  wanted('/etc/kubernetes/pki/etcd/*.crt', 'etcd starts with them without a renewal'),
  secret(wanted('/etc/kubernetes/pki/etcd/*.key', 'etcd starts with them without a renewal')),
  required('/etc/kubernetes/manifests/kube-apiserver.yaml', 'the API server is started with its flags'),
  required(
    '/etc/kubernetes/manifests/kube-controller-manager.yaml',
    'the controllers are started with its flags',
  ),
  required('/etc/kubernetes/manifests/kube-scheduler.yaml', 'the scheduler is started with its flags'),
  wanted(etcdManifest, 'members get their names and URLs from it'),
  secret(wanted('/etc/kubernetes/*.conf', 'components and people log in with them')),
  wanted('/var/lib/kubelet/config.yaml', 'the kubelet is configured by it'),
  wanted('/var/lib/kubelet/kubeadm-flags.env', 'the kubelet is started with its flags'),
  wanted('/etc/cni/net.d/*', 'pods get their network by it'),
];

/** CAs and keys of K3s and RKE2 are in etcd, sealed with the token; the files are for comparing and for total loss. */
function rancher(name: 'k3s' | 'rke2', dataDir: string): Companion[] {
  const server = `${dataDir}/server`;
  const config = `/etc/rancher/${name}`;
  const unit = name === 'k3s' ? 'k3s' : 'rke2-server';
  return [
    secret(required(`${server}/token`, 'it opens the CAs and keys that the snapshot holds')),
    secret(wanted(`${server}/agent-token`, 'agents join with it')),
    secret(
      wanted(`${server}/cred/encryption-config.json`, 'Secrets in the snapshot are encrypted with its keys'),
    ),
    wanted(`${server}/cred/encryption-state.json`, 'it tells how far a rotation of the keys had come'),
    secret(wanted(`${server}/cred/passwd`, 'servers and agents are known by it')),
    wanted(`${server}/tls/*.crt`, 'the cluster is known by them'),
    secret(wanted(`${server}/tls/*.key`, 'certificates and tokens are signed with them')),
    wanted(`${server}/tls/etcd/*.crt`, 'etcd and its clients trust each other by them'),
    secret(wanted(`${server}/tls/etcd/*.key`, 'etcd and its clients trust each other by them')),
    secret(wanted(`${config}/config.yaml`, 'the server is configured by it')),
    secret(wanted(`${config}/config.yaml.d/*`, 'the server is configured by them')),
    secret(wanted(`${config}/registries.yaml`, 'images are pulled with it')),
    wanted(`${server}/manifests/*`, 'they are applied when the server starts'),
    wanted(`/etc/systemd/system/${unit}.service`, 'the server is started with its flags'),
    secret(wanted(`/etc/systemd/system/${unit}.service.env`, 'the server is started with its variables')),
  ];
}

const rke: Companion[] = [
  required('/etc/kubernetes/ssl/kube-ca.pem', 'every node and client trusts the cluster by it'),
  secret(required('/etc/kubernetes/ssl/kube-ca-key.pem', 'certificates of all nodes are signed with it')),
  secret(
    required(
      '/etc/kubernetes/ssl/kube-service-account-token-key.pem',
      'tokens of ServiceAccounts are signed with it',
    ),
  ),
  required('/etc/kubernetes/ssl/kube-service-account-token.pem', 'it belongs to the key for ServiceAccounts'),
  wanted('/etc/kubernetes/ssl/kube-apiserver-requestheader-ca.pem', 'aggregated API servers trust by it'),
  secret(
    wanted(
      '/etc/kubernetes/ssl/kube-apiserver-requestheader-ca-key.pem',
      'the proxy certificate is signed with it',
    ),
  ),
  secret(
    wanted('/etc/kubernetes/ssl/encryption.yaml', 'Secrets in the snapshot are encrypted with its keys'),
  ),
  secret(wanted('/etc/kubernetes/ssl/*', 'components start with them without a rotation')),
  secret(wanted('/etc/kubernetes/*.rkestate', 'rke builds the same cluster again from it')),
  wanted('/etc/kubernetes/*.yaml', 'components are configured by them'),
  wanted('/etc/cni/net.d/*', 'pods get their network by it'),
];

const plain: Companion[] = [
  wanted('/etc/etcd/*', 'etcd is configured by it'),
  wanted('/etc/etcd.conf', 'etcd is configured by it'),
  wanted('/etc/default/etcd', 'etcd is started with its variables'),
  wanted('/etc/systemd/system/etcd.service', 'etcd is started with its flags'),
  secret(wanted('/etc/etcd/pki/*', 'etcd and its clients trust each other by them')),
  secret(wanted('/etc/etcd/ssl/*', 'etcd and its clients trust each other by them')),
  secret(wanted('/etc/ssl/etcd/*', 'etcd and its clients trust each other by them')),
];
