import type { Assignment } from '@holdfast/model/fleet';
import type { ServerContext } from '../context.ts';
import { makeAssignment } from './make-assignment.ts';
import type { Sightings } from './sightings.ts';
import { spread } from './spread.ts';
import { standInOf } from './stand-in.ts';

/** What the nodes of each cluster work by, as the store has it. */
export interface Assignments {
  /** Undefined where the cluster is gone, or a secret cannot be opened: an agent goes on by what it has. */
  of(cluster: string, node: string): Promise<Assignment | undefined>;
  /** A node has told of its members for the first time: it may stand in where nobody does. */
  newMember(cluster: string): Promise<void>;
  /** Policies, repositories or nodes were changed: it is made anew when it is asked for next. */
  rung(cluster: string): void;
}

/** Made anew after so long in any case: a bell may be missed, and who stands in may have fallen silent. */
const keptMs = 120_000;

interface Made {
  readonly standsIn: string | null;
  /** For the node that stands in, and for the others. */
  readonly first: Assignment | undefined;
  readonly other: Assignment | undefined;
}

/** @param standInAfterMs milliseconds without the server after which a node carries the policies out by itself */
export function makeAssignments(
  context: ServerContext,
  sightings: Sightings,
  standInAfterMs: number,
): Assignments {
  const { clock, store } = context;
  const since = clock.now().getTime();
  const kept = new Map<string, { readonly making: Promise<Made>; until: number }>();
  const made = async (cluster: string): Promise<Made> => {
    const now = clock.monotonic();
    const last = kept.get(cluster);
    if (last !== undefined && now < last.until) return last.making;
    const making = make(context, { sightings, standInAfterMs, since }, cluster);
    const one = { making, until: now + spread(cluster, keptMs) };
    kept.set(cluster, one);
    try {
      return await making;
    } catch (error) {
      if (kept.get(cluster) === one) kept.delete(cluster);
      throw error;
    }
  };
  const rung = (cluster: string): void => {
    const one = kept.get(cluster);
    if (one !== undefined) one.until = Number.NEGATIVE_INFINITY;
  };
  return {
    async of(cluster, node) {
      const { standsIn, first, other } = await made(cluster);
      return standsIn === node ? first : other;
    },
    async newMember(cluster) {
      const last = await kept.get(cluster)?.making;
      // All replicas look again.
      if (last?.standsIn === null) store.bell.ring('cluster', cluster);
    },
    rung,
  };
}

async function make(
  context: ServerContext,
  how: {
    readonly sightings: Sightings;
    readonly standInAfterMs: number;
    readonly since: number;
  },
  id: string,
): Promise<Made> {
  const { store, clock, log } = context;
  const cluster = await store.clusters.get(id);
  if (cluster === undefined) return { standsIn: null, first: undefined, other: undefined };
  const nodes = await store.nodes.ofCluster(id);
  const standIn = await standInOf({ clock, store, sightings: how.sightings }, id, nodes, how.since);
  // The others, of this replica and the rest, are to know whether they do.
  if (standIn.changed) {
    log.info({ cluster: id, node: standIn.node }, 'another node stands in while the server is away');
    store.bell.ring('cluster', id);
  }
  try {
    const { standInAfterMs } = how;
    const [first, other] = await makeAssignment(context, cluster, standInAfterMs);
    return { standsIn: standIn.node, first, other };
  } catch (error) {
    log.error({ cluster: id, error: String(error) }, 'the assignment of a cluster cannot be made');
    return { standsIn: standIn.node, first: undefined, other: undefined };
  }
}
