import { rm } from 'node:fs/promises';
import {
  churn,
  type EtcdCluster,
  type EtcdMinor,
  fillKubernetes,
  type KeyValue,
  planCluster,
  startPlanned,
} from '@holdfast/test-servers';
import { type Fleet, startFleet } from './fleet.ts';
import { demoHome } from './place.ts';
import { proveDisaster, proveLoss, proveRestored } from './proofs.ts';
import { planGuided, planSnapshot, restoreGuided, restoreSnapshot, rollback } from './recovery.ts';
import { drill, type Saved, saveTwice } from './saves.ts';
import { progress, step } from './tell.ts';

/** What the cluster held at a revision. */
interface Content {
  readonly revision: number;
  readonly keyValues: readonly KeyValue[];
}

/** Where the story has ended. */
export interface Ending {
  readonly fleet: Fleet;
  /** The snapshot that the other way takes. */
  readonly saved: Saved;
}

/**
 * Plays the whole story; server, agents and members go on running.
 *
 * @param both whether the other way is taken as well
 */
export async function playStory(version: EtcdMinor, both: boolean): Promise<Ending> {
  const cluster = await start(version);
  const fleet = await startFleet(cluster);
  const { saved, keys } = await saveTwice(fleet, cluster);
  await drill(fleet, saved);
  const disaster = await losePart(cluster);
  const { planned, loss } = await planGuided(fleet);
  const restored = await restoreGuided(fleet, planned);
  await proveRestored(cluster, disaster.keyValues, { when: 'at the disaster', revision: disaster.revision });
  if (both) {
    cluster.leave();
    await rollback(fleet, restored);
    proveDisaster(await planSnapshot(fleet, saved), { revision: disaster.revision, loss });
    await restoreSnapshot(fleet, saved);
    await proveRestored(cluster, keys, { when: 'in the snapshot', revision: saved.revision });
    proveLoss(loss, { disaster: disaster.keyValues, saved: keys });
  }
  cluster.leave();
  await fleet.client[Symbol.asyncDispose]();
  return { fleet, saved };
}

/** The members outlive this process: Holdfast stops them and starts them again. */
async function start(version: EtcdMinor): Promise<EtcdCluster> {
  const plan = await planCluster({
    version,
    members: 3,
    dir: demoHome,
    names: ['cp-1', 'cp-2', 'cp-3'],
    detached: true,
    // Members on one machine hear each other at once, and need no second to miss a leader.
    extraArgs: ['--heartbeat-interval=50', '--election-timeout=500'],
    progress,
  });
  const cluster = await step(
    'A Kubernetes etcd of three members,',
    async () => await startPlanned(plan),
    (c) => `version ${c.version}`,
  );
  await step(
    'Objects as an API server writes them, in protobuf: pods, secrets, leases;',
    async () => {
      await fillKubernetes(cluster, { objects: 500, seed: 1 });
      return await cluster.gateway().range({ key: '/registry/', end: '/registry0', limit: 1 });
    },
    (answer) => `${answer.count} keys`,
  );
  return cluster;
}

/** Changes that no snapshot has; then the quorum is lost. Returns what the cluster held. */
async function losePart(cluster: EtcdCluster): Promise<Content> {
  const content = await step(
    'More changes, that no snapshot knows;',
    async () => {
      await churn(cluster, { objects: 500, changes: 20, round: 9 });
      // All that was committed has reached the member that will survive: this read is linearizable.
      return await cluster.gateway(0).rangeAll();
    },
    ({ revision }) => `revision ${revision}`,
  );
  const lost = cluster.members.slice(1);
  await step('The disaster: two of the three killed, their data directories deleted', async () => {
    await Promise.all(lost.map(async (_, i) => await cluster.kill(i + 1)));
    await Promise.all(lost.map(async ({ dataDir }) => await rm(dataDir, { recursive: true, force: true })));
  });
  cluster.leave();
  return content;
}
