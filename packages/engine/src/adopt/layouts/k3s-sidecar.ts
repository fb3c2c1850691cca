import { gunzipSync } from 'node:zlib';
import { limits } from '@holdfast/base';

/** What a file in `.metadata` tells of the snapshot of its name. */
export interface K3sSidecar {
  /** By the version of the cluster that is in it. */
  readonly system: 'k3s' | 'rke2' | null;
  /** Whether Rancher's specification of the cluster is in it, and readable. */
  readonly spec: boolean;
  /** Set when it is the record of a save that failed: what it says of that, maybe nothing. */
  readonly failed: string | null;
  /** What is wrong with it, a sentence; null when nothing. */
  readonly fault: string | null;
}

/** Under which Rancher puts base64(gzip(JSON)) of a cluster's specification (rancher pkg/capr/planner/manifests.go). */
const specKey = 'provisioning-cluster-spec';

/**
 * Reads a sidecar: the data of the ConfigMap `<k3s|rke2>-etcd-snapshot-extra-metadata` as a JSON map. A record of the
 * snapshot around it is read as well, whose `metadata` or `extraMetadata` is that map, or base64 of it.
 */
export function parseK3sSidecar(content: Uint8Array): K3sSidecar {
  const nothing = { system: null, spec: false, failed: null };
  const record = jsonOf(Buffer.from(content));
  if (record === undefined) return { ...nothing, fault: 'Its file in .metadata is no JSON.' };
  const status = record['status'];
  const failed = status === 'failed' ? textOf(record['message']) : null;
  const map = mapIn(record);
  const spec = textOf(map[specKey]);
  if (spec === '') return { ...nothing, failed, fault: null };
  const parsed = specOf(spec);
  if (parsed === undefined)
    return {
      ...nothing,
      failed,
      fault: 'The cluster specification in its file in .metadata cannot be read.',
    };
  return { system: systemOf(textOf(parsed['kubernetesVersion'])), spec: true, failed, fault: null };
}

type Json = Readonly<Record<string, unknown>>;

function mapIn(record: Json): Json {
  const inner = record['extraMetadata'] ?? record['metadata'];
  if (typeof inner === 'string') return jsonOf(Buffer.from(inner, 'base64')) ?? {};
  return isMap(inner) ? inner : record;
}

function specOf(encoded: string): Json | undefined {
  try {
    const plain = gunzipSync(Buffer.from(encoded, 'base64'), { maxOutputLength: limits.sidecarBytes });
    return jsonOf(plain);
  } catch {
    return undefined;
  }
}

/** As in `v1.33.4+rke2r1`. */
function systemOf(version: string): 'k3s' | 'rke2' | null {
  if (/\+rke2r\d+/.test(version)) return 'rke2';
  return /\+k3s\d+/.test(version) ? 'k3s' : null;
}

function jsonOf(content: Buffer): Json | undefined {
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
