import type { BellTopic } from './bell.ts';

/** Who waits for what, in this process. */
export class Listeners {
  readonly #heard = new Map<BellTopic, Set<(id: string) => void>>();

  /** @returns what ends it */
  on(topic: BellTopic, heard: (id: string) => void): () => void {
    // A function of its own each time, so that the same one can be given twice.
    const own = (id: string): void => {
      heard(id);
    };
    const all = this.#heard.get(topic) ?? new Set();
    this.#heard.set(topic, all.add(own));
    return () => {
      all.delete(own);
    };
  }

  tell(topic: BellTopic, id: string): void {
    for (const heard of [...(this.#heard.get(topic) ?? [])]) heard(id);
  }
}
