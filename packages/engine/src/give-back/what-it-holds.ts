import { configDataOf } from '@holdfast/kube';
import { readLivePairs } from '@holdfast/etcd/snapshot';
import type { SnapshotContent } from '../content/index.ts';

/** Where RKE keeps the state of its cluster: in a Secret since 2024-11, in a ConfigMap before, each under this name. */
const clusterState = 'full-cluster-state';

/**
 * What K3s or RKE2 would write beside the snapshot: the data of the ConfigMap that Rancher keeps a cluster's specification
 * in, as Go prints it; undefined where there is none, or nothing in it, for then they write nothing either.
 *
 * @throws as `readLivePairs` and the content
 */
export async function extraMetadata(
  content: SnapshotContent,
  as: 'k3s' | 'rke2',
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const [data] = await dataAt(content, [`configmaps/kube-system/${as}-etcd-snapshot-extra-metadata`], signal);
  if (data === undefined || data.size === 0) return undefined;
  const sorted = [...data].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const json = JSON.stringify(Object.fromEntries(sorted)).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return Buffer.from(json);
}

/**
 * The state of an RKE cluster as the snapshot itself holds it; undefined where it holds none or it is encrypted. Secret.
 *
 * @throws as `readLivePairs` and the content
 */
export async function rkeState(
  content: SnapshotContent,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const keys = ['secrets', 'configmaps'].map((kind) => `${kind}/kube-system/${clusterState}`);
  const found = await dataAt(content, keys, signal);
  const state = found
    .map((data) => data?.get(clusterState))
    .find((each) => each !== undefined && isJson(each));
  return state === undefined ? undefined : Buffer.from(state);
}

/** The data of objects in the order of their keys below `/registry/`. */
async function dataAt(
  content: SnapshotContent,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<(ReadonlyMap<string, string> | undefined)[]> {
  const wanted = keys.map((key) => Buffer.from(`/registry/${key}`));
  const found = keys.map((): ReadonlyMap<string, string> | undefined => undefined);
  const source = await content.open(signal);
  try {
    const take = (key: Uint8Array, value: Uint8Array): void => {
      const at = wanted.findIndex((each) => each.equals(key));
      if (at !== -1) found[at] = configDataOf(value);
    };
    await readLivePairs(source, take, { signal });
  } finally {
    await source.close();
  }
  return found;
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
