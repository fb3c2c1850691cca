/** What can be waited for: work for a node, news of an operation, the end of an order, a changed assignment of a cluster. */
export type BellTopic = 'node' | 'operation' | 'order' | 'cluster';

/**
 * Tells whoever waits, on this replica and on all others, that there is something to look at in the store. It may ring once
 * too often and, after a lost connection, once too seldom: whoever waits looks again by itself every few seconds.
 */
export interface Bell {
  ring(topic: BellTopic, id: string): void;
  /** @returns what ends it */
  on(topic: BellTopic, heard: (id: string) => void): () => void;
}
