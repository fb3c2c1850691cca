import type { Distribution } from '../distribution.ts';

/** One certificate of a control plane and what belongs to it. */
export interface CertificatePlace {
  readonly certificate: string;
  readonly key: string;
  /** The certificate of the CA that must have signed it; undefined for a CA itself. */
  readonly ca?: string;
  /** `api`: what API servers show to the world, so its names matter. */
  readonly role: 'ca' | 'api' | 'other';
}

/** Where the pair of keys is that signs and checks the tokens of ServiceAccounts. */
export interface AccountKeys {
  readonly privateKey: string;
  /** A public key or a certificate; undefined where none is kept beside the private key. */
  readonly publicKey?: string;
}

/** Certificates and keys of one kind of cluster, by absolute path. */
export interface PkiLayout {
  readonly certificates: readonly CertificatePlace[];
  readonly accounts: AccountKeys | undefined;
  /** The CA that nodes and clients know the cluster by. */
  readonly clusterCa: string | undefined;
}

type Leaf = readonly [name: string, ca: string, role?: 'api'];

/** The layout of a distribution; `dataDir` where K3s or RKE2 keep theirs. */
export function pkiLayout(distribution: Distribution, dataDir?: string): PkiLayout {
  if (distribution === 'k3s' || distribution === 'rke2')
    return rancher(`${dataDir ?? `/var/lib/rancher/${distribution}`}/server/tls`);
  return { kubeadm, rke, plain }[distribution]();
}

/** Nobody knows. */
function plain(): PkiLayout {
  return { certificates: [], accounts: undefined, clusterCa: undefined };
}

/** As `kubeadm init` writes it. */
function kubeadm(): PkiLayout {
  const folder = '/etc/kubernetes/pki';
  const leaves: readonly Leaf[] = [
    ['apiserver', 'ca', 'api'],
    ['apiserver-kubelet-client', 'ca'],
    ['front-proxy-client', 'front-proxy-ca'],
    ['apiserver-etcd-client', 'etcd/ca'],
    ['etcd/server', 'etcd/ca'],
    ['etcd/peer', 'etcd/ca'],
    ['etcd/healthcheck-client', 'etcd/ca'],
  ];
  return {
    certificates: pairs(folder, ['ca', 'front-proxy-ca', 'etcd/ca'], leaves),
    accounts: { privateKey: `${folder}/sa.key`, publicKey: `${folder}/sa.pub` },
    clusterCa: `${folder}/ca.crt`,
  };
}

/** As K3s and RKE2 write it. */
function rancher(folder: string): PkiLayout {
  const leaves: readonly Leaf[] = [
    ['serving-kube-apiserver', 'server-ca', 'api'],
    ['client-kube-apiserver', 'client-ca'],
    ['client-admin', 'client-ca'],
    ['client-controller', 'client-ca'],
    ['client-scheduler', 'client-ca'],
    ['client-auth-proxy', 'request-header-ca'],
    ['etcd/server-client', 'etcd/server-ca'],
    ['etcd/client', 'etcd/server-ca'],
    ['etcd/peer-server-client', 'etcd/peer-ca'],
  ];
  const cas = ['server-ca', 'client-ca', 'request-header-ca', 'etcd/server-ca', 'etcd/peer-ca'];
  return {
    certificates: pairs(folder, cas, leaves),
    accounts: { privateKey: `${folder}/service.key` },
    clusterCa: `${folder}/server-ca.crt`,
  };
}

/** As RKE writes it. */
function rke(): PkiLayout {
  const folder = '/etc/kubernetes/ssl';
  const place = (name: string, ca?: string, role: CertificatePlace['role'] = 'other'): CertificatePlace => ({
    certificate: `${folder}/${name}.pem`,
    key: `${folder}/${name}-key.pem`,
    role,
    ...(ca === undefined ? {} : { ca: `${folder}/${ca}.pem` }),
  });
  return {
    certificates: [
      place('kube-ca', undefined, 'ca'),
      place('kube-apiserver-requestheader-ca', undefined, 'ca'),
      place('kube-apiserver', 'kube-ca', 'api'),
      place('kube-apiserver-proxy-client', 'kube-apiserver-requestheader-ca'),
      place('kube-controller-manager', 'kube-ca'),
      place('kube-scheduler', 'kube-ca'),
      place('kube-node', 'kube-ca'),
    ],
    accounts: {
      privateKey: `${folder}/kube-service-account-token-key.pem`,
      publicKey: `${folder}/kube-service-account-token.pem`,
    },
    clusterCa: `${folder}/kube-ca.pem`,
  };
}

function pairs(folder: string, cas: readonly string[], leaves: readonly Leaf[]): CertificatePlace[] {
  const pair = (name: string): Pick<CertificatePlace, 'certificate' | 'key'> => ({
    certificate: `${folder}/${name}.crt`,
    key: `${folder}/${name}.key`,
  });
  return [
    ...cas.map((name) => ({ ...pair(name), role: 'ca' as const })),
    ...leaves.map(([name, ca, role = 'other' as const]) => ({
      ...pair(name),
      ca: `${folder}/${ca}.crt`,
      role,
    })),
  ];
}
