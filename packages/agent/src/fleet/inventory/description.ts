import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isFailure } from '@holdfast/base';
import { writeDurably } from '@holdfast/engine';
import { ComponentDescription, MemberDescription, type ClusterDescription } from '@holdfast/model';
import { z } from 'zod';
import type { NodePart } from '@holdfast/model/fleet';
import { discoverComponents } from '../../host/discover-components.ts';
import { discoverCluster } from '../../host/discover.ts';
import { whyComponentElsewhere, whyElsewhere } from '../../host/here.ts';
import { isWorker } from '../../host/node-parts.ts';
import type { FleetFolder } from '../folder.ts';

const Remembered = z.object({
  members: z.array(MemberDescription),
  components: z.array(ComponentDescription),
});
type Remembered = z.infer<typeof Remembered>;

/** What lives on this machine. */
export interface Described extends Remembered {
  /** What could not be told, a sentence each. */
  readonly notes: readonly string[];
}

export interface DescribeOptions {
  readonly folder: FleetFolder;
  /** As the fleet calls the cluster. */
  readonly clusterName: string;
  /** Client URLs of the cluster that is meant, where several run here. */
  readonly endpoints: readonly string[];
  /** What runs Kubernetes' part of this machine. */
  readonly nodeParts: readonly NodePart[];
  /** What a person has written down, in place of what runs here; undefined: nothing. @throws Failure cluster-file-invalid, file-unreadable */
  readonly clusterFile: (() => Promise<ClusterDescription>) | undefined;
}

/**
 * The members and parts of the control plane of this machine: those that a person has written down, else those that run
 * here. What has run here and does not now is remembered: that is when a restore has to know it.
 */
export async function describeNode(options: DescribeOptions): Promise<Described> {
  const { folder, clusterFile } = options;
  const notes: string[] = [];
  let found: Remembered = { members: [], components: [] };
  try {
    found = await ofThisMachine(
      clusterFile === undefined ? await discovered(options, notes) : rememberable(await clusterFile()),
    );
  } catch (error) {
    if (!isFailure(error)) throw error;
    notes.push(`${error.message}: ${error.why}`);
  }
  if (clusterFile !== undefined) return { ...found, notes };
  const path = join(folder.path, 'described.json');
  const before = await remembered(path);
  const all = withFormer(found, before);
  if (JSON.stringify(all) !== JSON.stringify(before)) {
    // On a full disk it is told all the same.
    await writeDurably(path, `${JSON.stringify(all)}\n`).catch((error: unknown) => {
      if (!isFailure(error)) throw error;
    });
  }
  return { ...all, notes };
}

async function discovered(options: DescribeOptions, notes: string[]): Promise<Remembered> {
  try {
    const { description, notes: more } = await discoverCluster(options.clusterName, options.endpoints);
    notes.push(...more);
    return rememberable(description);
  } catch (error) {
    if (!isFailure(error, 'etcd-unreachable')) throw error;
    return await withoutMember(options, notes, `${error.message}: ${error.why}`);
  }
}

/**
 * A machine on which no etcd runs: there may be a control plane whose etcd is elsewhere, at `endpoints`. That there is none is
 * no news of a worker.
 */
async function withoutMember(
  { endpoints, nodeParts }: DescribeOptions,
  notes: string[],
  why: string,
): Promise<Remembered> {
  const { components, notes: more } = await discoverComponents([{ clientUrls: [...endpoints] }]);
  if (components.length > 0 || more.length > 0 || !(await isWorker(nodeParts))) notes.push(why);
  notes.push(...more);
  return { members: [], components };
}

function rememberable({ members, controlPlane }: ClusterDescription): Remembered {
  return { members, components: controlPlane };
}

async function here<T>(all: readonly T[], whyNot: (each: T) => Promise<string | undefined>): Promise<T[]> {
  const reasons = await Promise.all(all.map(whyNot));
  return all.filter((_, at) => reasons[at] === undefined);
}

async function ofThisMachine({ members, components }: Remembered): Promise<Remembered> {
  return {
    members: await here(members, whyElsewhere),
    components: await here(components, whyComponentElsewhere),
  };
}

/** What was found, and what was known before and is nothing of that. */
function withFormer(found: Remembered, before: Remembered): Remembered {
  const isGone = ({ name, dataDir }: MemberDescription): boolean =>
    !found.members.some((each) => each.name === name || resolve(each.dataDir) === resolve(dataDir));
  const isGoneToo = ({ name }: ComponentDescription): boolean =>
    !found.components.some((each) => each.name === name);
  return {
    members: [...found.members, ...before.members.filter(isGone)],
    components: [...found.components, ...before.components.filter(isGoneToo)],
  };
}

async function remembered(path: string): Promise<Remembered> {
  try {
    return Remembered.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return { members: [], components: [] };
  }
}
