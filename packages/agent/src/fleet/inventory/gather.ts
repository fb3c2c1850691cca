import { createHash } from 'node:crypto';
import { readFile, statfs } from 'node:fs/promises';
import { arch, hostname, platform, release } from 'node:os';
import type { Clock } from '@holdfast/base';
import type { Connect } from '@holdfast/engine';
import { canonicalJson } from '@holdfast/model';
import type { Inventory } from '@holdfast/model/fleet';
import { findNodeParts } from '../../host/node-parts.ts';
import { ownAddresses } from '../peer/door.ts';
import { certificatesOf, shownBy } from './certificates.ts';
import { describeNode, type DescribeOptions } from './description.ts';
import { lookAtMember } from './members.ts';

/** What an inventory is made of. */
export interface InventoryPorts extends Omit<DescribeOptions, 'nodeParts'> {
  readonly clock: Clock;
  /** @throws Failure usage, file-unreadable */
  readonly connector: () => Promise<Connect>;
  /** As `--state-dir` names it. */
  readonly stateDir: string;
  /** Files of certificates that the agent uses. */
  readonly certificateFiles: readonly string[];
}

/** An inventory, and its SHA-256. */
export interface Gathered {
  readonly inventory: Inventory;
  readonly hash: string;
}

/** Looks at this machine and changes nothing. @throws what connecting takes; the signal's reason */
export async function gather(ports: InventoryPorts, signal: AbortSignal): Promise<Gathered> {
  const { clock, stateDir, certificateFiles } = ports;
  const nodeParts = await findNodeParts({}, signal);
  signal.throwIfAborted();
  const { members, components, notes } = await describeNode({ ...ports, nodeParts });
  signal.throwIfAborted();
  const connect = await ports.connector();
  const endpoints = [...new Set(members.flatMap(({ clientUrls }) => clientUrls))];
  const [looked, files, shown, disks, version] = await Promise.all([
    Promise.all(members.map((member) => lookAtMember(member, { clock, connect, signal }))),
    certificatesOf(certificateFiles),
    Promise.all(endpoints.map((endpoint) => shownBy(endpoint, clock))),
    Promise.all([...members.map(({ dataDir }) => dataDir), stateDir].map(diskOf)),
    ownKubernetesVersion(),
  ]);
  const inventory: Inventory = {
    hostname: hostname(),
    addresses: ownAddresses(),
    system: `${platform()} ${arch()} ${release()}`,
    driver: members[0]?.run.driver ?? null,
    members: looked,
    components: [...components],
    nodeParts,
    kubernetesVersion: version,
    disks: disks.flat(),
    certificates: [...files, ...shown.flatMap((each) => each ?? [])],
    notes: [...notes],
  };
  return { inventory, hash: hashOf(inventory) };
}

/**
 * What changes all the time is left out of the hash but for its leading figures: an inventory is told again where somebody
 * would see a difference.
 */
function hashOf(inventory: Inventory): string {
  const rough = {
    ...inventory,
    members: inventory.members.map((each) => ({
      ...each,
      revision: null,
      raftIndex: null,
      dbBytes: roughly(each.dbBytes ?? 0),
    })),
    disks: inventory.disks.map((each) => ({ ...each, freeBytes: roughly(each.freeBytes) })),
  };
  return createHash('sha256').update(canonicalJson(rough)).digest('hex');
}

/** The two leading bits and what follows as zeros. */
function roughly(bytes: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(bytes + 1)) - 2);
  return Math.floor(bytes / step) * step;
}

async function diskOf(path: string): Promise<Inventory['disks']> {
  try {
    const { bsize, blocks, bavail } = await statfs(path);
    return [{ path, totalBytes: bsize * blocks, freeBytes: bsize * bavail }];
  } catch {
    // A data directory that is not there yet.
    return [];
  }
}

/** By the image of the API server's static pod; null where there is none. */
async function ownKubernetesVersion(): Promise<string | null> {
  const manifest = await readFile('/etc/kubernetes/manifests/kube-apiserver.yaml', 'utf8').catch(() => '');
  return /^\s*image: *["']?\S+:(v\d+\.\d+\.\d+[\w.+-]*)/m.exec(manifest)?.[1] ?? null;
}
