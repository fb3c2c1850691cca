import { isServerPart, nodeParts, type NodePart } from '@holdfast/model/fleet';
import { readdir } from 'node:fs/promises';
import { inspectContainer } from './docker.ts';
import { watchedFolders } from './kubelets.ts';
import { systemctl } from './systemctl.ts';
import type { HostAccess } from './run-command.ts';

const units = nodeParts.filter((part) => part.endsWith('.service'));
const containers = nodeParts.filter((part) => part.startsWith('docker/'));

/** The name of the container that a part is; undefined for a unit. */
export function containerOf(part: NodePart): string | undefined {
  return part.startsWith('docker/') ? part.slice('docker/'.length) : undefined;
}

/**
 * What runs Kubernetes' part of this machine: units of systemd, and only where there is none of them RKE's containers. A unit
 * that is not active is none of it: a machine may have those of a server and of an agent installed, and runs one. One that
 * has failed is where no other runs: it may be what is to be mended, or was left from an earlier life of the machine.
 */
export async function findNodeParts(access: HostAccess, signal?: AbortSignal): Promise<NodePart[]> {
  const found = await activeUnits(access, signal);
  if (found.length > 0) return found;
  const there = await Promise.all(
    containers.map(async (part) => {
      const container = await inspectContainer(access, containerOf(part)!, signal);
      return typeof container !== 'string' && container.restart !== 'no';
    }),
  );
  return containers.filter((_, at) => there[at]);
}

async function activeUnits(access: HostAccess, signal: AbortSignal | undefined): Promise<NodePart[]> {
  const asked = ['show', '--property=Id,LoadState,ActiveState', ...units];
  const { status, stdout } = await systemctl(access, asked, signal);
  if (status !== 0) return [];
  // One block for each unit, with an empty line between them.
  const blocks = stdout.split('\n\n').map((block) => new Set(block.trim().split('\n')));
  const there = units.flatMap((unit) => {
    const block = blocks.find((lines) => lines.has(`Id=${unit}`) && lines.has('LoadState=loaded'));
    return block === undefined || block.has('ActiveState=inactive')
      ? []
      : [{ unit, hasFailed: block.has('ActiveState=failed') }];
  });
  const up = there.filter(({ hasFailed }) => !hasFailed);
  return (up.length > 0 ? up : there).map(({ unit }) => unit);
}

/** Whether a machine that runs these has neither a control plane nor an etcd to run, so that none is missed there. */
export async function isWorker(parts: readonly NodePart[]): Promise<boolean> {
  if (parts.length === 0 || parts.some(isServerPart)) return false;
  const names = await Promise.all((await watchedFolders()).map((folder) => readdir(folder).catch(() => [])));
  return !names.flat().some((name) => /etcd|kube-apiserver/.test(name));
}
