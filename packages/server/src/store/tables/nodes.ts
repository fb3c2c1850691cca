import type { Inventory } from '@holdfast/model/fleet';
import { sql, type Kysely, type Selectable } from 'kysely';
import type { NodeOutline, NodeTable, Sighting, StoredNode } from '../nodes.ts';
import type { Access } from './access.ts';
import { owned } from './constraints.ts';
import type { Rows } from './rows.ts';

/** Sightings that one statement takes. */
const atOnce = 500;

/** The nodes, each with a row of its own for when it was seen. */
export function nodeTable(access: Access): NodeTable {
  const all = async (column?: 'id' | 'cluster', values: readonly string[] = []): Promise<StoredNode[]> => {
    const rows = await access.ask(async (db) => {
      const query = db.selectFrom('nodes').innerJoin('sightings', 'sightings.node', 'nodes.id').selectAll();
      const these = column === undefined ? query : query.where(`nodes.${column}`, 'in', values);
      return these.orderBy('nodes.cluster').orderBy('nodes.name').orderBy('nodes.id').execute();
    });
    return rows.map((row) => nodeOf(row));
  };
  const set = async (id: string, changed: Partial<Rows['nodes']>): Promise<void> => {
    await access.ask(async (db) => db.updateTable('nodes').set(changed).where('id', '=', id).execute());
  };
  return {
    create: async (node) => {
      const made = {
        id: node.id,
        cluster: node.cluster,
        name: node.name,
        joined_at: node.joinedAt,
        certificate_not_after: node.certificateNotAfter,
        inventory: null,
        inventory_hash: '',
      };
      const unseen = { node: node.id, seen_at: null, agent_version: null, clock_skew_ms: null };
      const adding = access.together(async (db) => {
        await db.insertInto('nodes').values(made).execute();
        await db.insertInto('sightings').values(unseen).execute();
      });
      await owned('cluster-unknown', { cluster: node.cluster }, adding);
      return nodeOf({ ...made, ...unseen });
    },
    get: async (id) => (await all('id', [id]))[0],
    ofCluster: async (cluster) => all('cluster', [cluster]),
    ofClusters: async (clusters) => (clusters.length === 0 ? [] : all('cluster', clusters)),
    all: async () => all(),
    outlines: outlinesOf(access),
    seen: async (sightings) => {
      if (sightings.length > 0) await access.together(async (db) => seen(db, sightings));
    },
    setInventory: async (id, inventory, hash) =>
      set(id, { inventory: JSON.stringify(inventory), inventory_hash: hash }),
    setCertificate: async (id, notAfter) => set(id, { certificate_not_after: notAfter }),
    remove: async (id) =>
      access.ask(async (db) => {
        const { numDeletedRows } = await db.deleteFrom('nodes').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

/** Remembers what it has read of inventories: those of thousands of nodes are megabytes, and most stay the same for days. */
function outlinesOf(access: Access): NodeTable['outlines'] {
  let known = new Map<string, { readonly hash: string; readonly inventory: NodeOutline['inventory'] }>();
  return async () => {
    const rows = await access.ask(async (db) =>
      db
        .selectFrom('nodes')
        .innerJoin('sightings', 'sightings.node', 'nodes.id')
        .select(['id', 'cluster', 'name', 'joined_at', 'certificate_not_after', 'inventory_hash'])
        .select(['seen_at', 'agent_version', 'clock_skew_ms'])
        .orderBy('nodes.cluster')
        .orderBy('nodes.name')
        .orderBy('nodes.id')
        .execute(),
    );
    const before = known;
    const isNew = rows.filter(({ id, inventory_hash }) => before.get(id)?.hash !== inventory_hash);
    const read = new Map(before);
    for (let from = 0; from < isNew.length; from += atOnce) {
      const ids = isNew.slice(from, from + atOnce).map(({ id }) => id);
      const inventories = await access.ask(async (db) =>
        db.selectFrom('nodes').select(['id', 'inventory', 'inventory_hash']).where('id', 'in', ids).execute(),
      );
      for (const { id, inventory, inventory_hash } of inventories)
        read.set(id, { hash: inventory_hash, inventory: outlined(inventoryOf(inventory)) });
    }
    // Those of nodes that were removed are forgotten.
    known = new Map(rows.flatMap(({ id }) => (read.has(id) ? [[id, read.get(id)!]] : [])));
    return rows.map((row) => ({
      ...nodeOf({ ...row, inventory: null, node: row.id }),
      inventory: known.get(row.id)?.inventory ?? null,
    }));
  };
}

function outlined(inventory: Inventory | null): NodeOutline['inventory'] {
  if (inventory === null) return null;
  const { members, kubernetesVersion, certificates } = inventory;
  return {
    members: members.map(({ description, running, answers, inQuorum, isLearner, version, alarms }) => ({
      description: { name: description.name },
      ...{ running, answers, inQuorum, isLearner, version, alarms },
    })),
    kubernetesVersion,
    certificates: certificates.map(({ of, notAfter }) => ({ of, notAfter })),
  };
}

/** In the order of their ids, so that two replicas do not wait for each other; the newest of each node counts. */
async function seen(db: Kysely<Rows>, sightings: readonly Sighting[]): Promise<void> {
  const newest = new Map<string, Sighting>();
  for (const each of sightings) {
    const known = newest.get(each.node);
    if (known === undefined || known.at <= each.at) newest.set(each.node, each);
  }
  const ordered = [...newest.values()].sort((a, b) => (a.node < b.node ? -1 : 1));
  for (let from = 0; from < ordered.length; from += atOnce) {
    const rows = ordered.slice(from, from + atOnce).map(
      ({ node, at, agentVersion, clockSkewMs }) =>
        // Rounded, since nothing else says that it is whole. The types are for PostgreSQL, which cannot guess them.
        sql`(cast(${node} as text), cast(${at} as text), cast(${agentVersion} as text), cast(${Math.round(clockSkewMs)} as bigint))`,
    );
    await sql`with heard (node, at, agent, skew) as (values ${sql.join(rows)})
      update sightings set seen_at = heard.at, agent_version = heard.agent, clock_skew_ms = heard.skew
      from heard where sightings.node = heard.node and (seen_at is null or seen_at <= heard.at)`.execute(db);
  }
}

function nodeOf(row: Selectable<Rows['nodes']> & Selectable<Rows['sightings']>): StoredNode {
  return {
    id: row.id,
    cluster: row.cluster,
    name: row.name,
    joinedAt: row.joined_at,
    seenAt: row.seen_at,
    agentVersion: row.agent_version,
    clockSkewMs: row.clock_skew_ms,
    certificateNotAfter: row.certificate_not_after,
    inventory: inventoryOf(row.inventory),
    inventoryHash: row.inventory_hash,
  };
}

function inventoryOf(text: string | null): Inventory | null {
  return text === null ? null : (JSON.parse(text) as Inventory);
}
