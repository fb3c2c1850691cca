import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely } from 'kysely';
import type { Bell, BellTopic } from './bell.ts';
import type { Store } from './store.ts';
import type { Access } from './tables/access.ts';
import type { Rows } from './tables/rows.ts';
import { tablesOf } from './tables/tables.ts';

/** What each kind of database brings. */
export interface StoreParts {
  readonly kind: Store['kind'];
  readonly bell: Bell;
  /** For one statement. */
  readonly ask: Access['ask'];
  /** For several statements, which lock what they decide by. */
  readonly together: Access['together'];
  /** For several statements, as if nothing else went on meanwhile. */
  readonly alone: Access['together'];
  readonly ping: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A store of either kind from its parts. */
export function assembleStore(parts: StoreParts): Store {
  const { kind, bell } = parts;
  // Whoever asks the store itself inside a transaction of it would wait for its own end, or not be part of it.
  const inside = new AsyncLocalStorage<true>();
  const outside = <T>(work: () => Promise<T>): Promise<T> => {
    if (inside.getStore() === true) throw new Error('within a transaction only its own tables are asked');
    return work();
  };
  const access: Access = {
    kind,
    ask: async (work) => outside(async () => parts.ask(work)),
    together: async (work) => outside(async () => parts.together(work)),
    ring: (topic, id) => {
      bell.ring(topic, id);
    },
  };
  return {
    ...tablesOf(access),
    kind,
    bell,
    transaction: async (work) =>
      outside(async () => {
        const rings = new Map<string, { topic: BellTopic; id: string }>();
        const result = await parts.alone(async (db) => {
          rings.clear();
          const ring = (topic: BellTopic, id: string): void => {
            rings.set(`${topic} ${id}`, { topic, id });
          };
          return inside.run(true, async () => work(tablesOf(accessWithin(kind, db, ring))));
        });
        for (const { topic, id } of rings.values()) bell.ring(topic, id);
        return result;
      }),
    ping: parts.ping,
    [Symbol.asyncDispose]: parts.close,
  };
}

function accessWithin(kind: Store['kind'], db: Kysely<Rows>, ring: Access['ring']): Access {
  return { kind, ask: async (work) => work(db), together: async (work) => work(db), ring };
}
