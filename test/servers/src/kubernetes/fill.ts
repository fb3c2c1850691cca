import type { EtcdCluster } from '../cluster/cluster.ts';
import type { Gateway } from '../gateway/gateway.ts';
import {
  kubernetesObject,
  kubeSystemUid,
  namespaceObjects,
  objectKey,
  type StoredObject,
} from './objects.ts';
import { seededRandom } from './random.ts';
import { type Change, writeTogether } from './write.ts';

/** What to fill a cluster with, and how. */
export interface FillOptions {
  readonly objects: number;
  readonly seed?: number;
  /** Transactions on their way at once; with 1 the order, and so every revision, is the same each time. */
  readonly concurrency?: number;
  /** Objects in one transaction; kube-apiserver writes one. */
  readonly perTxn?: number;
  /** Of a value. */
  readonly meanBytes?: number;
  /** Told how many objects are written. */
  readonly progress?: (written: number) => void;
}

/** What a fill wrote. */
export interface Filled {
  readonly objects: number;
  readonly valueBytes: number;
  readonly revision: number;
  readonly kubeSystemUid: string;
}

const leaseTtl = 3600 * 24;
const mostPerRound = 1_000_000;

/** Fills a cluster with Kubernetes-like objects; the same seed makes the same objects. */
export async function fillKubernetes(cluster: EtcdCluster, options: FillOptions): Promise<Filled> {
  const { seed = 1 } = options;
  const gateway = await leaderGateway(cluster);
  const lease = await eventsLease(gateway, seed);
  let valueBytes = 0;
  function* changes(): Generator<Change> {
    for (const object of allObjects(options)) {
      valueBytes += object.value.length;
      yield putOf(object, lease);
    }
  }
  const objects = await writeTogether(gateway, changes(), options);
  const { revision } = await gateway.status();
  return { objects, valueBytes, revision, kubeSystemUid: kubeSystemUid(seed) };
}

function* allObjects({ objects, seed = 1, meanBytes }: FillOptions): Generator<StoredObject> {
  yield* namespaceObjects(seed);
  for (let i = 0; i < objects; i++) yield kubernetesObject(seed, i, { meanBytes });
}

/** What to change of a fill with the same seed and number of objects. */
export interface ChurnOptions extends FillOptions {
  /** How many changes; without end if not said, until the signal comes. */
  readonly changes?: number;
  /** Rounds differ from each other; the same round of the same seed makes the same changes again. */
  readonly round?: number;
  readonly signal?: AbortSignal;
  /** At most so many changes per second. */
  readonly perSecond?: number;
}

/** Changes a filled cluster: of 10 changes 7 update an object, 2 make a new one and 1 deletes one. */
export async function churn(
  cluster: EtcdCluster,
  options: ChurnOptions,
): Promise<{ changes: number; revision: number }> {
  const gateway = await leaderGateway(cluster);
  const lease = await eventsLease(gateway, options.seed ?? 1);
  const changes = await writeTogether(gateway, allChanges(options, lease), options);
  return { changes, revision: (await gateway.status()).revision };
}

function* allChanges(options: ChurnOptions, lease: bigint): Generator<Change> {
  const { objects, seed = 1, meanBytes, changes = Infinity, round = 0, signal } = options;
  const random = seededRandom(seed, 3, round);
  const firstOfRound = round * mostPerRound;
  let made = objects + firstOfRound;
  for (let i = 0; i < changes; i++) {
    if (signal?.aborted === true) return;
    const choice = random.below(10);
    const index = choice < 8 ? random.below(objects) : made++;
    const generation = choice < 8 ? 2 + firstOfRound + i : 1;
    if (choice === 0) yield { key: objectKey(seed, index) };
    else yield putOf(kubernetesObject(seed, index, { generation, meanBytes }), lease);
  }
}

async function leaderGateway(cluster: EtcdCluster): Promise<Gateway> {
  return cluster.gateway(cluster.members.length === 1 ? 0 : await cluster.leaderIndex());
}

/** The lease of the events; its id follows from the seed, so that a fill is the same each time. */
async function eventsLease(gateway: Gateway, seed: number): Promise<bigint> {
  const id = BigInt(seededRandom(seed, 4).next()) + 1n;
  if (!(await gateway.leases()).includes(id)) await gateway.leaseGrant(leaseTtl, id);
  return id;
}

function putOf({ key, value, leased }: StoredObject, lease: bigint): Change {
  return leased ? { key, value, lease } : { key, value };
}
