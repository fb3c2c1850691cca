import { Failure } from '@holdfast/base';
import type { AgentCaller } from '../auth/caller.ts';
import type { ServerContext } from '../context.ts';
import { spread } from './spread.ts';

/** What this replica remembers of a node between its requests, so that a quiet one asks nothing of the store. */
export interface KnownNode {
  /** As the store had it at `readAt`, and as this replica has changed it since. */
  inventoryHash: string;
  certificateNotAfter: string | null;
  readAt: number;
  /** When its open orders were looked at last; null: look at once. */
  lookedAt: number | null;
  /** Counts what rang for it. */
  rings: number;
  /** When its last request was answered; null: never, or with something to do. By the monotonic clock. */
  answeredAt: number | null;
  /** What it was told last, and when by the monotonic clock. */
  told: { readonly what: string; readonly at: number } | null;
  /** The shortest time from an answer to the next request: no less than a round trip. */
  roundTripMs: number;
}

/** The nodes that are let in. */
export interface KnownNodes {
  /** @throws Failure agent-expelled: it was removed, or was never of this fleet */
  admit(caller: AgentCaller, how?: { readonly fresh: boolean }): Promise<KnownNode>;
  rung(node: string): void;
  clusterRung(cluster: string): void;
}

const readEveryMs = 60_000;

export function makeKnownNodes({ clock, store }: ServerContext): KnownNodes {
  const known = new Map<string, KnownNode & { readonly cluster: string }>();
  const rung = (node: string): void => {
    const one = known.get(node);
    if (one === undefined) return;
    one.rings += 1;
    one.lookedAt = null;
    one.readAt = Number.NEGATIVE_INFINITY;
  };
  return {
    async admit({ node, cluster }, { fresh } = { fresh: false }) {
      const now = clock.monotonic();
      const old = known.get(node);
      if (old?.cluster === cluster && !fresh && now - old.readAt < spread(node, readEveryMs)) return old;
      const stored = await store.nodes.get(node);
      if (stored?.cluster !== cluster) {
        known.delete(node);
        throw new Failure('agent-expelled', `node ${node} of cluster ${cluster} is not known`);
      }
      const { inventoryHash, certificateNotAfter } = stored;
      const read = { inventoryHash, certificateNotAfter, readAt: now };
      const one = known.get(node);
      if (one?.cluster === cluster) return Object.assign(one, read);
      const first = {
        ...read,
        cluster,
        lookedAt: null,
        rings: 0,
        answeredAt: null,
        told: null,
        roundTripMs: Infinity,
      };
      known.set(node, first);
      return first;
    },
    rung,
    clusterRung(cluster) {
      for (const [node, one] of known) if (one.cluster === cluster) rung(node);
    },
  };
}
