import { randomUUID } from 'node:crypto';
import { Failure, isFailure } from '@holdfast/base';
import type { CopyQueue, HeldCopy } from '../queue/index.ts';
import type { Delivery, SaveDestination } from './destination.ts';

/**
 * The copies of a save in the durable queue. All of them are noted before the first one is committed, so that none is
 * forgotten when the process is killed between two; each is struck out when it is made.
 */
export class Intents {
  readonly #queue: CopyQueue | undefined;
  readonly #destinations: readonly SaveDestination[];
  readonly #uuid: () => string;
  /** What somebody should know, a sentence each. */
  readonly warnings: string[] = [];
  readonly #held = new Map<SaveDestination, HeldCopy>();
  #noted: Promise<void> | undefined;

  /** @param destinations all of the save, those that cannot be written to now too */
  constructor(
    queue: CopyQueue | undefined,
    destinations: readonly SaveDestination[],
    uuid: () => string = randomUUID,
  ) {
    this.#queue = queue;
    this.#destinations = destinations;
    this.#uuid = uuid;
  }

  /** Notes everything, once. A queue that cannot be written to keeps no save from being stored. */
  note(deliveries: readonly Delivery[]): Promise<void> {
    return (this.#noted ??= this.#note(deliveries.filter(({ failure }) => failure === undefined)));
  }

  /** It is committed there. @throws file-unwritable */
  async made({ destination }: Delivery): Promise<void> {
    await this.#held.get(destination)?.done();
    this.#held.delete(destination);
  }

  /** It failed there, and is tried again later; false when nothing is. @throws file-unwritable, disk-full */
  async failed(destination: SaveDestination, failure: Failure): Promise<boolean> {
    const held = this.#held.get(destination);
    await held?.failed(failure);
    this.#held.delete(destination);
    return held !== undefined;
  }

  /**
   * The save has ended: what was neither made nor failed waits, where there is something to copy it from.
   *
   * @throws file-unwritable
   */
  async end(isStored: boolean): Promise<void> {
    await this.#noted?.catch(() => undefined);
    for (const held of this.#held.values()) await (isStored ? held.release() : held.done());
    this.#held.clear();
  }

  async #note(deliveries: readonly Delivery[]): Promise<void> {
    const [first] = deliveries;
    if (this.#queue === undefined || first === undefined || this.#destinations.length < 2) return;
    const save = this.#uuid();
    for (const destination of this.#destinations) {
      const from = deliveries
        .filter((each) => each.destination !== destination)
        .map(({ destination: { name }, repository, cluster, writer }) => ({
          repository: name,
          id: repository.record.id,
          cluster: cluster.id,
          snapshot: writer.name,
        }));
      if (from.length === 0) continue;
      const dropped = deliveries.filter((each) => each.destination.dropLocal === true);
      const { repository } = destination;
      const order = {
        save,
        cluster: first.cluster.name,
        snapshot: first.writer.name,
        from,
        to: destination.name,
        toId: repository instanceof Failure ? null : repository.record.id,
        toAt: destination.at ?? null,
        required: destination.required,
        drop: dropped.map((each) => each.destination.name),
      };
      try {
        this.#held.set(destination, await this.#queue.add(order));
      } catch (error) {
        if (!isFailure(error)) throw error;
        this.warnings.push(`a copy to ${destination.name} cannot be queued: ${error.message}: ${error.why}`);
      }
    }
  }
}
