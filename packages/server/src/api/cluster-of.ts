import { Failure } from '@holdfast/base';
import type { Tables } from '../store/store.ts';

type Finder = (tables: Tables, id: string) => Promise<string | undefined>;

/** The parameters that name something which belongs to a cluster. */
const finders: Readonly<
  Record<string, { readonly find: Finder; readonly unknown: (id: string) => Failure }>
> = {
  node: {
    find: async ({ nodes }, id) => (await nodes.get(id))?.cluster,
    unknown: (node) => new Failure('node-unknown', 'it never joined, or was removed', { node }),
  },
  operation: {
    find: async ({ operations }, id) => (await operations.get(id))?.cluster,
    unknown: (operation) =>
      new Failure('operation-unknown', 'there was none, or it is long over', { operation }),
  },
};

/**
 * The cluster of the thing that a route's parameters name.
 *
 * @returns the cluster, or the failure that there is no such thing
 */
export async function clusterOf(
  tables: Tables,
  params: Readonly<Record<string, string>>,
): Promise<string | Failure> {
  for (const [name, { find, unknown }] of Object.entries(finders)) {
    const id = params[name];
    if (id !== undefined) return (await find(tables, id)) ?? unknown(id);
  }
  throw new Error('a route of scope "thing" has a parameter that nothing is found by');
}
