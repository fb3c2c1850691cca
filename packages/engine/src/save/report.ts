import { isFailure, type Failure } from '@holdfast/base';
import type { SnapshotEntry } from '@holdfast/repository';
import type { Delivery, DestinationResult, SaveDestination } from './destination.ts';
import type { SaveOptions, SaveReport } from './save-options.ts';

/** What became of all deliveries. */
interface Ended {
  readonly deliveries: readonly Delivery[];
  readonly failures: ReadonlyMap<SaveDestination, Failure>;
  readonly queued: ReadonlySet<SaveDestination>;
}

/** What is known of a snapshot that was committed. */
interface Known {
  readonly delivery: Delivery;
  readonly snapshot: SnapshotEntry;
  /** Whether the repository said so after it was committed. */
  readonly wasSeen: boolean;
}

/**
 * Tells what is stored where, and then removes the copies that are not to stay. What was committed is stored, even where
 * the repository does not answer any more when it is looked at once again.
 */
export async function reportOf(
  options: SaveOptions,
  ended: Ended,
): Promise<Pick<SaveReport, 'snapshot' | 'destinations' | 'warnings'>> {
  const warnings: string[] = [];
  const known = new Map<SaveDestination, Known>();
  for (const delivery of ended.deliveries) {
    if (delivery.stored === undefined) continue;
    known.set(delivery.destination, await lookAgain(delivery, delivery.stored, warnings));
  }
  const results: DestinationResult[] = [];
  for (const destination of options.destinations) {
    const stored = known.get(destination);
    results.push(
      stored === undefined
        ? failedResult(destination, ended)
        : await storedResult(options, known, stored, warnings),
    );
  }
  for (const { name, required, failure } of results) {
    if (!required && failure !== null)
      warnings.push(`not stored in ${name}: ${failure.message}: ${failure.why}`);
  }
  const snapshot = results.find((each) => each.snapshot !== null)?.snapshot;
  if (snapshot === null || snapshot === undefined) throw new Error('it was stored, and is nowhere');
  return { snapshot, destinations: results, warnings };
}

function failedResult(destination: SaveDestination, { failures, queued }: Ended): DestinationResult {
  const { name, required } = destination;
  const failure = failures.get(destination) ?? null;
  return { name, required, outcome: 'failed', snapshot: null, failure, queued: queued.has(destination) };
}

async function storedResult(
  options: SaveOptions,
  known: ReadonlyMap<SaveDestination, Known>,
  { delivery, snapshot }: Known,
  warnings: string[],
): Promise<DestinationResult> {
  const { destination } = delivery;
  const result = { name: destination.name, required: destination.required, failure: null, queued: false };
  if (destination.dropLocal === true) {
    const reason = reasonToKeep(options, known, destination) ?? (await dropped(delivery));
    if (reason === undefined) return { ...result, outcome: 'dropped', snapshot: null };
    warnings.push(`the copy in ${destination.name} stays: ${reason}`);
  }
  return { ...result, outcome: 'stored', snapshot };
}

/** The snapshot as it is in the repository; as it was committed where the repository does not say. */
async function lookAgain(delivery: Delivery, stored: SnapshotEntry, warnings: string[]): Promise<Known> {
  const { destination, repository } = delivery;
  try {
    const snapshot = await repository.snapshot(stored.name, stored.cluster.id);
    return { delivery, snapshot, wasSeen: true };
  } catch (error) {
    if (!isFailure(error)) throw error;
    warnings.push(
      `it is stored in ${destination.name}, which could not be read once more after that: ${error.message}: ${error.why}`,
    );
    return { delivery, snapshot: stored, wasSeen: false };
  }
}

/** Why a copy that is not to stay does. */
function reasonToKeep(
  { destinations, readBack }: SaveOptions,
  known: ReadonlyMap<SaveDestination, Known>,
  destination: SaveDestination,
): string | undefined {
  const others = destinations.filter((each) => each !== destination && each.dropLocal !== true);
  const missing = others.filter((each) => each.required && !known.has(each));
  if (missing.length > 0) return `it is not stored in ${namesOf(missing)} yet`;
  const stored = others.filter((each) => known.has(each));
  if (stored.length === 0) return 'it is the only one';
  if (readBack === 'none') return 'the others were not read back';
  const unseen = stored.filter((each) => known.get(each)?.wasSeen === false);
  return unseen.length === 0 ? undefined : `${namesOf(unseen)} could not be read once more`;
}

function namesOf(destinations: readonly SaveDestination[]): string {
  return destinations.map(({ name }) => name).join(' and ');
}

async function dropped({ repository, cluster, writer }: Delivery): Promise<string | undefined> {
  try {
    await repository.deleteSnapshot(cluster.id, writer.name);
    return undefined;
  } catch (error) {
    if (isFailure(error)) return error.why;
    throw error;
  }
}
