import type { CompanionsRecord, SnapshotManifest } from '@holdfast/model';
import { objectFile } from '@holdfast/repository';
import type { VerbContext } from '../context.ts';
import type { CollectedNode } from '../companions/index.ts';
import { storeCompanions } from './companions.ts';
import type { Delivery, StoredBytes } from './destination.ts';
import type { Intents } from './intents.ts';
import { manifestOf, type SnapshotFacts } from './manifest.ts';
import { readBack } from './read-back.ts';
import { recipientsOf } from './stored-as.ts';

/** All that a delivery is finished with. */
export interface StoreRequest {
  readonly facts: SnapshotFacts;
  readonly companions: { readonly collected: CollectedNode; readonly record: CompanionsRecord } | undefined;
  readonly readBack: 'full' | 'none';
  readonly intents: Intents;
  /** Of this save, to know where it may be copied from. */
  readonly deliveries: readonly Delivery[];
}

/**
 * Finishes a delivery that has all its bytes: places them, reads them back, and commits the manifest. A failure is noted,
 * and nothing is left of the delivery then. What is stored plain is read when it is verified, and not twice.
 *
 * @throws what is no failure of this delivery; Failure of the queue's own disk
 */
export async function storeDelivery(
  { signal }: VerbContext,
  delivery: Delivery,
  bytes: StoredBytes,
  request: StoreRequest,
): Promise<void> {
  const { as, cluster, writer, repository } = delivery;
  const { facts, companions, intents } = request;
  const { encoding } = as;
  const kind = { role: 'snapshot', encoding } as const;
  const objects: SnapshotManifest['objects'] = [{ ...kind, path: objectFile(kind), ...bytes }];
  const kept = as.encoding === 'zstd+age' ? companions : undefined;
  await delivery.attempt(async () => {
    if (as.encoding === 'zstd+age' && kept !== undefined && kept.collected.files.length > 0) {
      objects.push(await storeCompanions(writer, kept.collected, as.recipients));
    }
    signal.throwIfAborted();
    await writer.place();
    if (encoding === 'plain' || request.readBack === 'none') return;
    const place = { repository: repository.location, signal };
    for (const object of objects) await readBack(writer.readBack(object), object, place);
  });
  if (delivery.failure !== undefined) return;
  await intents.note(request.deliveries);
  const stored = { name: writer.name, cluster, objects, recipients: recipientsOf(as) };
  const draft = manifestOf(facts, { ...stored, companions: kept?.record ?? null });
  await delivery.attempt(async () => {
    signal.throwIfAborted();
    delivery.stored = await writer.commit(draft);
  });
  if (delivery.failure === undefined) await intents.made(delivery);
}
