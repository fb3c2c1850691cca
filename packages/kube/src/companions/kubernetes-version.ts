import { readYaml } from '../text/yaml-text.ts';
import type { CompanionSet } from './finding.ts';

/** Where the static pod of the API server is described, with its image. */
const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
/** The tag of an image, before its digest if it has one. */
const tagOfImage = /:(v\d+\.\d+\.\d+[\w.+-]*)(?:@|$)/;

/**
 * The version of Kubernetes, as v1.34.1 or v1.34.1+k3s1: that of the API server's image where its manifest is among the
 * files, else the newest of the snapshot's kubelets, which an API server is never older than; null where neither is known.
 */
export function kubernetesVersion({
  files,
  snapshot,
}: Pick<CompanionSet, 'files' | 'snapshot'>): string | null {
  const content = files.get(manifest);
  return (content === undefined ? undefined : versionOfImage(content)) ?? snapshot.kubelet;
}

interface PodOfImage {
  readonly spec?: { readonly containers?: readonly ({ readonly image?: unknown } | null)[] } | null;
}

function versionOfImage(content: Uint8Array): string | undefined {
  const pod = readYaml(content).value as PodOfImage | null | undefined;
  const containers = pod?.spec?.containers;
  const image = Array.isArray(containers) ? (containers[0] as { image?: unknown } | null)?.image : undefined;
  return typeof image === 'string' ? tagOfImage.exec(image)?.[1] : undefined;
}

/** Whether version `a` is above `b`; what is no version is above none. */
export function isNewer(a: string, b: string): boolean {
  const [left, right] = [numbers(a), numbers(b)];
  const differing = left.findIndex((each, at) => each !== right[at]);
  return differing !== -1 && left[differing]! > (right[differing] ?? -1);
}

function numbers(version: string): number[] {
  const [, major, minor, patch] = /^v(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined ? [] : [major, minor, patch].map(Number);
}
