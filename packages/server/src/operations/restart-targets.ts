import { runBy, type RestorePlan } from '@holdfast/model';
import { isServerPart, NodeId, NodePart, type Placement } from '@holdfast/model/fleet';
import { z } from 'zod';
import type { Candidate } from './ports.ts';

/** A node on which what runs Kubernetes is to be restarted. */
export const RestartTarget = z.object({
  node: NodeId,
  name: z.string(),
  /** Parts that are left as they are: a restore has started them itself, or stopped them for good. */
  except: z.array(NodePart),
});
export type RestartTarget = z.infer<typeof RestartTarget>;

/**
 * The nodes to restart, in their order: those with a member or a control plane first, then the others, by name. Nodes that tell
 * of nothing that runs Kubernetes are none of them.
 *
 * @param restored a restore that has just ended: a unit that runs etcd as well, as those of K3s and RKE2 do, was stopped and
 *   started by it, and is not stopped again; that of a former member, or of one vouched to be off, must not come back
 */
export function restartTargets(
  nodes: readonly Candidate[],
  restored: { readonly plan: RestorePlan; readonly placement: Placement } | null,
): RestartTarget[] {
  return nodes
    .toSorted((one, other) => Number(serves(other)) - Number(serves(one)) || (one.name < other.name ? -1 : 1))
    .flatMap(({ node, name, nodeParts }) => {
      const own = restored === null ? new Set<string>() : plannedOn(node, restored);
      const except = nodeParts.filter((part) => own.has(part));
      return nodeParts.length > except.length ? [{ node, name, except }] : [];
    });
}

function serves({ hasMember, hasControlPlane, nodeParts }: Candidate): boolean {
  return hasMember || hasControlPlane || nodeParts.some(isServerPart);
}

/** What a restore is about on a node. */
function plannedOn(
  node: string,
  {
    plan: { members, controlPlane },
    placement,
  }: { readonly plan: RestorePlan; readonly placement: Placement },
): Set<string> {
  const here = [...members, ...controlPlane].filter(({ name }) => placement[name] === node);
  return new Set(here.map(({ run }) => runBy(run)));
}
