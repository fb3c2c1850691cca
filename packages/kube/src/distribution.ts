/** How a cluster was made, so where its files are. `plain`: etcd without any of the others. */
export type Distribution = 'kubeadm' | 'k3s' | 'rke2' | 'rke' | 'plain';

/** Reads files of a node; paths are absolute there. */
export interface RootReader {
  /** The bytes of a file; undefined where there is none. Rejects where it cannot be read. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Names of the files in a folder, without folders; empty where there is none. */
  list(folder: string): Promise<readonly string[]>;
}

/** Files whose presence tells a distribution; RKE2 and K3s first, for their nodes may have files of the others. */
const signs: readonly (readonly [Distribution, folder: string, file: string])[] = [
  ['rke2', '/var/lib/rancher/rke2/server', 'token'],
  ['rke2', '/etc/rancher/rke2', 'config.yaml'],
  ['k3s', '/var/lib/rancher/k3s/server', 'token'],
  ['k3s', '/etc/rancher/k3s', 'config.yaml'],
  ['rke', '/etc/kubernetes/ssl', 'kube-ca.pem'],
  ['kubeadm', '/etc/kubernetes/manifests', 'kube-apiserver.yaml'],
  ['kubeadm', '/etc/kubernetes/pki', 'ca.crt'],
];

/** Tells how the cluster of a node was made. */
export async function detectDistribution(root: Pick<RootReader, 'list'>): Promise<Distribution> {
  for (const [distribution, folder, file] of signs) {
    if ((await root.list(folder)).includes(file)) return distribution;
  }
  return 'plain';
}
