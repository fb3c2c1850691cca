import { gzipSync } from 'node:zlib';
import type { MemoryFile } from './memory-place.ts';
import { testZip } from './zip.ts';

/** What Rancher puts into the ConfigMap that K3s writes beside a snapshot: the specification of a provisioned cluster. */
export function provisioningSpec(kubernetesVersion: string): Buffer {
  const spec = { kubernetesVersion, rkeConfig: { etcd: { snapshotRetention: 5 } } };
  const encoded = gzipSync(JSON.stringify(spec)).toString('base64');
  return Buffer.from(JSON.stringify({ 'provisioning-cluster-spec': encoded }));
}

/** A snapshot as `--snapshot-compress` writes it: one entry, called like the file without its ending. */
export function k3sZip(name: string, content: Uint8Array): Buffer {
  return testZip([{ name, content }]);
}

/** An object as K3s or RKE2 uploads it, with what it puts into its metadata (k3s pkg/etcd/s3/s3.go). */
export function k3sObject(content: Uint8Array, node: string, system: 'k3s' | 'rke2' = 'k3s'): MemoryFile {
  return {
    content,
    metadata: {
      [`${system}-cluster-id`]: '6f6a1a6e-2d3c-4d6b-9d4e-0a1b2c3d4e5f',
      [`${system}-node-name`]: node,
      [`${system}-token-hash`]: 'a3c5d1',
    },
  };
}
