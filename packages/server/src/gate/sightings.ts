import type { Clock } from '@holdfast/base';
import type { Sighting, StoredNode } from '../store/nodes.ts';
import type { Store } from '../store/store.ts';

/** When this replica has heard which agent; stored many at once, since thousands are heard every few seconds. */
export class Sightings {
  readonly #clock: Clock;
  readonly #store: Pick<Store, 'nodes'>;
  readonly #heard = new Map<string, number>();
  readonly #left = new Map<string, number>();
  #pending = new Map<string, Sighting>();

  constructor(clock: Clock, store: Pick<Store, 'nodes'>) {
    this.#clock = clock;
    this.#store = store;
  }

  /** An agent is heard now. */
  hear(sighting: Omit<Sighting, 'at'>): void {
    const now = this.#clock.now();
    this.#left.delete(sighting.node);
    this.#heard.set(sighting.node, now.getTime());
    this.#pending.set(sighting.node, { ...sighting, at: now.toISOString() });
  }

  /** An agent has hung up while it was waiting for news, as one does that has died. */
  leave(node: string): void {
    this.#left.set(node, this.#clock.now().getTime());
  }

  /** When it hung up and was not heard since, by any replica: milliseconds since 1970; Infinity: it did not. */
  leftAt(node: Pick<StoredNode, 'id' | 'seenAt'>): number {
    const at = this.#left.get(node.id) ?? Number.NEGATIVE_INFINITY;
    return at >= this.heardAt(node) && Number.isFinite(at) ? at : Number.POSITIVE_INFINITY;
  }

  /** Whether this replica has heard it itself. */
  hasHeard(node: string): boolean {
    return this.#heard.has(node);
  }

  /** When a node was last heard, by this replica or as the store has it: milliseconds since 1970; -Infinity: never. */
  heardAt({ id, seenAt }: Pick<StoredNode, 'id' | 'seenAt'>): number {
    const stored = seenAt === null ? Number.NEGATIVE_INFINITY : Date.parse(seenAt);
    return Math.max(stored, this.#heard.get(id) ?? Number.NEGATIVE_INFINITY);
  }

  /** The node was removed. */
  forget(node: string): void {
    this.#heard.delete(node);
    this.#left.delete(node);
    this.#pending.delete(node);
  }

  /** @throws Failure store-unreachable, store-full: they are stored with the next ones */
  async flush(): Promise<void> {
    if (this.#pending.size === 0) return;
    const flushed = this.#pending;
    this.#pending = new Map();
    try {
      await this.#store.nodes.seen([...flushed.values()]);
    } catch (error) {
      this.#pending = new Map([...flushed, ...this.#pending]);
      throw error;
    }
  }
}
