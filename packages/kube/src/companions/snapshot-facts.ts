import { bootstrapPrefix } from '../bootstrap/bootstrap-key.ts';
import { type Census, startCensus } from '../envelopes/census.ts';

/** Bootstrap data of K3s and RKE2 as the snapshot holds it. */
interface BootstrapPair {
  readonly key: string;
  readonly value: Uint8Array;
}

/** What the companions of a snapshot are checked against. */
export interface SnapshotFacts {
  readonly census: Census;
  readonly bootstrap: readonly BootstrapPair[];
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
export function startSnapshotFacts(options: { readonly prefix?: string } = {}): SnapshotFactsTaker {
  const census = startCensus(options);
  const bootstrap: BootstrapPair[] = [];
  return {
    take(key, value) {
      census.take(key, value);
      if (bootstrap.length < mostBootstrapPairs && isBelow(key, prefixBytes))
        bootstrap.push({ key: Buffer.from(key).toString(), value: Uint8Array.from(value) });
    },
    facts: () => ({ census: census.census(), bootstrap: [...bootstrap] }),
  };
}

function isBelow(key: Uint8Array, prefix: Uint8Array): boolean {
  for (let at = 0; at < prefix.length; at += 1) if (key[at] !== prefix[at]) return false;
  return true;
}
