import type { Inventory } from '@holdfast/model/fleet';

export interface StoredNode {
  readonly id: string;
  readonly cluster: string;
  readonly name: string;
  readonly joinedAt: string;
  readonly seenAt: string | null;
  readonly agentVersion: string | null;
  readonly clockSkewMs: number | null;
  readonly certificateNotAfter: string | null;
  readonly inventory: Inventory | null;
  readonly inventoryHash: string;
}

type Member = Inventory['members'][number];

/** A node with the part of its inventory that is asked for of all nodes again and again. */
export interface NodeOutline extends Omit<StoredNode, 'inventory'> {
  readonly inventory: {
    readonly members: readonly (Pick<
      Member,
      'running' | 'answers' | 'inQuorum' | 'isLearner' | 'version' | 'alarms'
    > & { readonly description: Pick<Member['description'], 'name'> })[];
    readonly kubernetesVersion: string | null;
    readonly certificates: readonly Pick<Inventory['certificates'][number], 'of' | 'notAfter'>[];
  } | null;
}

/** What one sync tells of a node, beside its inventory. */
export interface Sighting {
  readonly node: string;
  readonly at: string;
  readonly agentVersion: string;
  readonly clockSkewMs: number;
}

export interface NodeTable {
  create(
    node: Pick<StoredNode, 'id' | 'cluster' | 'name' | 'joinedAt' | 'certificateNotAfter'>,
  ): Promise<StoredNode>;
  get(id: string): Promise<StoredNode | undefined>;
  ofCluster(cluster: string): Promise<readonly StoredNode[]>;
  /** Those of some clusters, in one query: for a page of a list. */
  ofClusters(clusters: readonly string[]): Promise<readonly StoredNode[]>;
  all(): Promise<readonly StoredNode[]>;
  /** The same in outline: of the inventories only those are read that have changed since this was asked last. */
  outlines(): Promise<readonly NodeOutline[]>;
  /** Many at once, in one transaction: thousands of agents are heard every few seconds. */
  seen(sightings: readonly Sighting[]): Promise<void>;
  setInventory(id: string, inventory: Inventory, hash: string): Promise<void>;
  setCertificate(id: string, notAfter: string): Promise<void>;
  remove(id: string): Promise<boolean>;
}

export interface StoredJoinToken {
  /** The part of the token that is no secret. */
  readonly id: string;
  /** SHA-256 of the whole token, hexadecimal. */
  readonly hash: string;
  readonly cluster: string;
  readonly expiresAt: string;
  readonly usesLeft: number | null;
  readonly createdBy: string;
}

export interface JoinTokenTable {
  create(token: StoredJoinToken): Promise<void>;
  get(id: string): Promise<StoredJoinToken | undefined>;
  ofCluster(cluster: string): Promise<readonly StoredJoinToken[]>;
  /** Takes one use of it; false where none is left. */
  use(id: string): Promise<boolean>;
  remove(id: string): Promise<boolean>;
  removeExpired(before: string): Promise<void>;
}
