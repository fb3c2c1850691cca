import { bootstrapPrefix } from '../bootstrap/bootstrap-key.ts';
import { type Census, startCensus } from '../envelopes/census.ts';
import { kubeletVersionOf, uidOf } from '../objects/stored-object.ts';
import { isNewer } from './kubernetes-version.ts';

/** Bootstrap data of K3s and RKE2 as the snapshot holds it. */
interface BootstrapPair {
  readonly key: string;
  readonly value: Uint8Array;
}

/** What the companions of a snapshot are checked against. */
export interface SnapshotFacts {
  readonly census: Census;
  readonly bootstrap: readonly BootstrapPair[];
  /** The UID of the namespace kube-system, by which a cluster is known; null where there is none or it is encrypted. */
  readonly uid: string | null;
  /** The newest version among the Nodes' kubelets, as v1.34.1; null where no Node can be read. */
  readonly kubelet: string | null;
}

/** Takes every live pair of a snapshot, one after another, and keeps little of them. */
export interface SnapshotFactsTaker {
  take(key: Uint8Array, value: Uint8Array): void;
  facts(): SnapshotFacts;
}

/** There is one for each token that was ever used; more are somebody else's. */
const mostBootstrapPairs = 16;
const prefixBytes = Buffer.from(bootstrapPrefix);

/** Begins to take pairs; `prefix` is that of the API servers' keys, `/registry` unless told otherwise. */
export function startSnapshotFacts({
  prefix = '/registry',
}: { readonly prefix?: string } = {}): SnapshotFactsTaker {
  const census = startCensus({ prefix });
  const kubeSystem = Buffer.from(`${prefix}/namespaces/kube-system`);
  const nodes = Buffer.from(`${prefix}/minions/`);
  let uid: string | null = null;
  let kubelet: string | null = null;
  const bootstrap: BootstrapPair[] = [];
  return {
    take(key, value) {
      census.take(key, value);
      if (bootstrap.length < mostBootstrapPairs && isBelow(key, prefixBytes))
        bootstrap.push({ key: Buffer.from(key).toString(), value: Uint8Array.from(value) });
      if (key.length === kubeSystem.length && isBelow(key, kubeSystem)) uid = uidOf(value) ?? null;
      if (isBelow(key, nodes)) {
        const version = kubeletVersionOf(value);
        if (version !== undefined && (kubelet === null || isNewer(version, kubelet))) kubelet = version;
      }
    },
    facts: () => ({ census: census.census(), bootstrap: [...bootstrap], uid, kubelet }),
  };
}

function isBelow(key: Uint8Array, prefix: Uint8Array): boolean {
  for (let at = 0; at < prefix.length; at += 1) if (key[at] !== prefix[at]) return false;
  return true;
}
