import type { ComponentDescription, MemberDescription, RestorePlan } from '@holdfast/model';
import type { RestoreNode } from './node.ts';
import type { NodeOf } from './ports.ts';

/** What of a cluster lives on one machine. */
interface Here {
  readonly members: MemberDescription[];
  readonly components: ComponentDescription[];
}

/** What of the cluster lives on each machine; not what is said to be off. */
export function machinesOf(
  { members, controlPlane }: Pick<RestorePlan, 'members' | 'controlPlane'>,
  nodes: NodeOf,
): Map<RestoreNode, Here> {
  const machines = new Map<RestoreNode, Here>();
  const hereOf = (what: MemberDescription | ComponentDescription): Here => {
    const node = nodes(what);
    const found = machines.get(node) ?? { members: [], components: [] };
    machines.set(node, found);
    return found;
  };
  for (const { attested, role: _role, sight: _sight, ...member } of members)
    if (attested === undefined) hereOf(member).members.push(member);
  for (const { attested, running: _running, detail: _detail, ...component } of controlPlane)
    if (attested === undefined) hereOf(component).components.push(component);
  return machines;
}
