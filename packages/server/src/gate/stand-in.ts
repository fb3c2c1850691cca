import type { Clock } from '@holdfast/base';
import type { StoredNode } from '../store/nodes.ts';
import type { Store } from '../store/store.ts';
import type { Sightings } from './sightings.ts';

/** The setting that names the node of a cluster which carries the policies out while the server is away. */
export function standInName(cluster: string): string {
  return `stands-in/${cluster}`;
}

/** A node that was not heard for so long gives its duty up to another one. */
const silentMs = 120_000;

/**
 * Which node of a cluster carries its policies out while the server is away. It is recorded in the store, so that all
 * replicas tell the same, and stays the same for as long as it is there and is heard; then the longest joined one takes over
 * that has a member of etcd and is heard.
 *
 * @param since when this server began to listen, milliseconds since 1970: whom it cannot have heard yet is not given up
 * @returns the node, null where there is none; and whether it was changed just now
 */
export async function standInOf(
  { clock, store, sightings }: { clock: Clock; store: Store; sightings: Sightings },
  cluster: string,
  nodes: readonly StoredNode[],
  since: number,
): Promise<{ readonly node: string | null; readonly changed: boolean }> {
  const now = clock.now().getTime();
  const isHeard = (node: StoredNode): boolean => now - sightings.heardAt(node) <= silentMs;
  const canGoOn = (name: string | undefined): boolean => {
    const node = nodes.find(({ id }) => id === name);
    return node !== undefined && (now - since <= silentMs || isHeard(node));
  };
  const next = nodes
    .filter((node) => isHeard(node) && (node.inventory?.members.length ?? 0) > 0)
    .toSorted((one, other) => order(one, other))[0];
  const setting = standInName(cluster);
  const read = async (from: Pick<Store, 'settings'>): Promise<string | undefined> => {
    const value = await from.settings.get(setting);
    return value === undefined ? undefined : Buffer.from(value).toString();
  };
  const recorded = await read(store);
  if (canGoOn(recorded)) return { node: recorded!, changed: false };
  if (next === undefined)
    return { node: nodes.some(({ id }) => id === recorded) ? recorded! : null, changed: false };
  const node = await store.transaction(async (tables) => {
    const newest = await read(tables);
    // Another replica was first.
    if (newest !== recorded && canGoOn(newest)) return newest!;
    await tables.settings.set(setting, Buffer.from(next.id));
    return next.id;
  });
  return { node, changed: true };
}

function order(one: StoredNode, other: StoredNode): number {
  return one.joinedAt.localeCompare(other.joinedAt) || one.id.localeCompare(other.id);
}
