import type { ServerContext } from '../context.ts';
import type { Candidate, OperationPorts } from '../operations/ports.ts';
import type { StoredNode } from '../store/nodes.ts';
import { makeAssignments, type Assignments } from './assignments.ts';
import { Ears } from './ears.ts';
import { makeKnownNodes, type KnownNodes } from './known-nodes.ts';
import { Sightings } from './sightings.ts';
import { standInName } from './stand-in.ts';

/** Which agents are there: by what the store has from all replicas, and by what this one has heard since. */
export interface Gate extends Pick<OperationPorts, 'nodesOf'> {
  /** Whether its agent was heard within 45 seconds, by any replica, and did not hang up more than 10 seconds ago. */
  connected(node: Pick<StoredNode, 'id' | 'seenAt'>): boolean;
}

/** The gate with what the agents' API keeps in it. */
export interface AgentGate extends Gate {
  readonly sightings: Sightings;
  readonly ears: Ears;
  readonly known: KnownNodes;
  readonly assignments: Assignments;
  /** Whether an agent may be there and not have come back yet: this server has just begun, and has not heard it so far. */
  mayComeBack(node: string): boolean;
  /**
   * Stores who was heard every five seconds, and ends waiting that has lasted long enough, until the signal says so; then
   * everybody who waits is answered.
   */
  run(signal: AbortSignal): Promise<void>;
}

/** An agent's long poll is answered after 30 seconds at most, so that one which is there is always heard within these. */
export const connectedMs = 45_000;
/** Milliseconds in which an agent that has hung up is back, unless it has died. */
const backMs = 10_000;
/** Milliseconds in which agents that were without a server are back: they ask more and more seldom. */
const gatheredMs = 60_000;
const tickMs = 500;
const flushMs = 5_000;

/** @param standInAfterMs milliseconds without the server after which a node carries the policies out by itself */
export function makeGate(context: ServerContext, { standInAfterMs }: { standInAfterMs: number }): AgentGate {
  const { clock, store, log } = context;
  const sightings = new Sightings(clock, store);
  const ears = new Ears(clock);
  const known = makeKnownNodes(context);
  const assignments = makeAssignments(context, sightings, standInAfterMs);
  const begunAt = clock.monotonic();
  const connected: Gate['connected'] = (node) => {
    const now = clock.now().getTime();
    return now - sightings.heardAt(node) <= connectedMs && now - sightings.leftAt(node) <= backMs;
  };

  const deaf = [
    store.bell.on('node', (node) => {
      known.rung(node);
      ears.ring(`node/${node}`);
    }),
    store.bell.on('cluster', (cluster) => {
      assignments.rung(cluster);
      known.clusterRung(cluster);
      ears.ring(`cluster/${cluster}`);
    }),
    store.bell.on('order', (order) => ears.ring(`order/${order}`)),
  ];

  return {
    sightings,
    ears,
    known,
    assignments,
    connected,
    mayComeBack: (node) => clock.monotonic() - begunAt < gatheredMs && !sightings.hasHeard(node),
    async nodesOf(cluster) {
      const nodes = await store.nodes.ofCluster(cluster);
      const standIn = nodes.length === 0 ? undefined : await store.settings.get(standInName(cluster));
      const name = standIn === undefined ? null : Buffer.from(standIn).toString();
      return nodes
        .toSorted((one, other) => (one.name < other.name ? -1 : 1))
        .map((node) => candidate(node, connected(node), sightings.heardAt(node), node.id === name));
    },
    async run(signal) {
      let flushedAt = clock.monotonic();
      while (!signal.aborted) {
        await clock.sleep(tickMs, signal).catch(() => undefined);
        ears.tick();
        if (clock.monotonic() - flushedAt < flushMs) continue;
        flushedAt = clock.monotonic();
        await sightings
          .flush()
          .catch((error: unknown) => log.warn({ error: String(error) }, 'who was heard could not be stored'));
      }
      ears.end();
      for (const off of deaf) off();
      await sightings.flush().catch(() => undefined);
    },
  };
}

function candidate(node: StoredNode, connected: boolean, heardAt: number, standsIn: boolean): Candidate {
  const members = node.inventory?.members ?? [];
  const indexes = members.flatMap(({ raftIndex }) => raftIndex ?? []);
  // The agent's own folder is told last.
  const disk = node.inventory?.disks.at(-1);
  return {
    node: node.id,
    name: node.name,
    connected,
    seenAt: Number.isFinite(heardAt) ? new Date(heardAt).toISOString() : null,
    inQuorum: members.some(({ inQuorum }) => inQuorum),
    isLeader: members.some(({ isLeader }) => isLeader),
    isLearner: members.some(({ isLearner }) => isLearner),
    hasMember: members.length > 0,
    hasControlPlane: (node.inventory?.components.length ?? 0) > 0,
    nodeParts: node.inventory?.nodeParts ?? [],
    raftIndex: indexes.length === 0 ? null : Math.max(...indexes),
    freeBytes: disk?.freeBytes ?? null,
    standsIn,
  };
}
