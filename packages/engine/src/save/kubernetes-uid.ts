import type { EtcdClient } from '@holdfast/etcd/client';
import { uidOf } from '@holdfast/kube';

/** Where API servers keep it, unless they were told another prefix; then the cluster counts as one without Kubernetes. */
const kubeSystem = '/registry/namespaces/kube-system';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The UID of the namespace kube-system, by which a Kubernetes is known through all restores; undefined where there is
 * none, or it is encrypted.
 *
 * @throws Failure what EtcdClient throws
 */
export async function kubernetesUidOf(client: EtcdClient, endpoint: string): Promise<string | undefined> {
  const { value } = await client.get(endpoint, kubeSystem, { linearizable: false });
  return kubernetesUid(value && uidOf(value));
}

/** What is read as one is one where it has the form; anybody may have written it. */
export function kubernetesUid(text: string | null | undefined): string | undefined {
  return typeof text === 'string' && uuid.test(text) ? text : undefined;
}
