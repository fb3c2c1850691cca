import { Failure, isFailure, type FailureCode } from '@holdfast/base';
import { Delivery, type SaveDestination } from './destination.ts';
import { clusterRecord, type ClusterSeen } from './cluster-record.ts';
import { storedAs } from './stored-as.ts';

/** What is asked of every repository before anything is written. */
export interface StageRequest {
  readonly seen: ClusterSeen;
  readonly cluster: string | undefined;
  readonly name: string;
  /** Whether a name that is taken gets a number. */
  readonly unique: boolean;
  readonly signal: AbortSignal;
}

/** A save that is wrong in itself is refused as a whole. */
const wrong: readonly FailureCode[] = ['usage', 'snapshot-name-invalid'];

/** So is one that a required repository can never take; an optional one is told, and left out. */
const unfit: readonly FailureCode[] = ['cluster-ambiguous', 'cluster-foreign', 'snapshot-name-taken'];

/**
 * Begins the delivery to each of the repositories; `failed` is told of those that cannot be begun, which is only about
 * them.
 *
 * @throws Failure of the save as a whole: usage, snapshot-name-invalid; cluster-ambiguous, cluster-foreign and
 *   snapshot-name-taken in a required repository. Nothing is begun anywhere then. The signal's reason when it is aborted.
 */
export async function stageAll(
  destinations: readonly SaveDestination[],
  request: StageRequest,
  failed: (destination: SaveDestination, failure: Failure) => void,
): Promise<Delivery[]> {
  const staged: Delivery[] = [];
  try {
    for (const destination of destinations) {
      try {
        staged.push(await stage(destination, request, staged[0]));
      } catch (error) {
        if (request.signal.aborted || !isFailure(error)) throw error;
        if (wrong.includes(error.code)) throw error;
        if (destination.required && unfit.includes(error.code)) throw error;
        failed(destination, error);
      }
    }
    return staged;
  } catch (error) {
    await discardAll(staged);
    throw error;
  }
}

/** Leaves nothing of what is not committed. Never rejects. */
export async function discardAll(deliveries: readonly Delivery[]): Promise<void> {
  for (const { writer } of deliveries) await writer.discard();
}

async function stage(
  destination: SaveDestination,
  { seen, cluster: asked, name, unique, signal }: StageRequest,
  first: Delivery | undefined,
): Promise<Delivery> {
  signal.throwIfAborted();
  const { repository } = destination;
  if (repository instanceof Failure) throw repository;
  const as = storedAs(repository);
  // Asked for first: who cannot sign here shall not be found out at the end.
  void repository.ring.signing;
  const cluster = await clusterRecord(repository, seen, { asked, newName: first?.cluster.name });
  const writer = await repository.stageSnapshot(cluster.id, first?.writer.name ?? name, { unique });
  const delivery = new Delivery({ destination, repository, as, cluster }, writer, signal);
  try {
    await delivery.begin();
    return delivery;
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
