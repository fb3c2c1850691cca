import { hostname } from 'node:os';
import type { Clock } from '@holdfast/base';
import {
  type CollectedCompanion,
  collectCompanions,
  configuredDataDir,
  detectDistribution,
  type Distribution,
} from '@holdfast/kube';
import type { NodeRoot } from './node-root.ts';

/** Of which node the companions are wanted. */
export interface NodeToCollect {
  readonly root: NodeRoot;
  /** How the cluster was made; found out when it is not said. */
  readonly distribution?: Distribution | 'auto';
  /** Where K3s or RKE2 keep their files; what their configuration says, or else the default, when it is not said. */
  readonly dataDir?: string;
  /** The node's name, that of this machine unless told otherwise. */
  readonly node?: string;
  readonly clock: Clock;
}

/** A companion with the moment when the file was changed last. */
export interface NodeFile extends CollectedCompanion {
  readonly modifiedAt: Date;
}

/** The companions of a node, in memory; they are secret. */
export interface CollectedNode {
  readonly distribution: Distribution;
  readonly dataDir?: string;
  readonly node: string;
  readonly collectedAt: Date;
  readonly files: readonly NodeFile[];
  /** What is there and could not be taken, and why. */
  readonly left: readonly { readonly path: string; readonly why: string }[];
}

/** Reads what a restore needs beside the snapshot. What cannot be read is named and never ends the collecting. */
export async function collectNode({
  root,
  distribution: told = 'auto',
  dataDir: toldDir,
  node = hostname(),
  clock,
}: NodeToCollect): Promise<CollectedNode> {
  const unlisted = new Map<string, string>();
  const reader = {
    read: (path: string) => root.read(path),
    async list(folder: string): Promise<readonly string[]> {
      try {
        return await root.list(folder);
      } catch (error) {
        unlisted.set(folder, `what is in it cannot be listed: ${(error as Error).message}`);
        return [];
      }
    },
  };
  const collectedAt = clock.now();
  const distribution = told === 'auto' ? await detectDistribution(reader) : told;
  const dataDir = toldDir ?? (await configuredDataDir(distribution, reader));
  const places = dataDir === undefined ? {} : { dataDir };
  const { companions, left } = await collectCompanions(distribution, reader, places);
  return {
    distribution,
    ...places,
    node,
    collectedAt,
    files: companions.map((each) => ({ ...each, modifiedAt: root.modifiedAt(each.path) ?? collectedAt })),
    left: [...left, ...[...unlisted].map(([path, why]) => ({ path, why }))],
  };
}
