import { canonicalJson, type RestorePlan } from '@holdfast/model';
import type { NodeCall, OrderInput } from '@holdfast/model/fleet';
import type { StoredOrder } from '../../store/orders.ts';

/**
 * Why a call is beyond what the order gives the caller to do: who plans may look, who leads may do what that one plan says,
 * and both only with what the placement puts on the node. An agent whose key was stolen leads other nodes no further.
 *
 * @param lead an order of the caller's
 * @returns undefined where it is within
 */
export function beyondOrder(
  { order: { id, kind, input } }: StoredOrder,
  node: string,
  call: NodeCall,
): string | undefined {
  if (kind !== 'plan' && kind !== 'lead') return `the order ${id} is no restore`;
  const { placement } = input as Pick<OrderInput<'plan' | 'lead'>, 'placement'>;
  if (!Object.values(placement).includes(node)) return `the order ${id} gives no part to it`;
  const elsewhere = partsOf(call).find((name) => !Object.hasOwn(placement, name) || placement[name] !== node);
  if (elsewhere !== undefined) return `the order ${id} does not have it carry ${elsewhere}`;
  const wanted = actOf(call);
  if (wanted === undefined) return undefined;
  if (kind === 'plan') return `the order ${id} lets it look, not act`;
  const { plan } = input as Pick<OrderInput<'lead'>, 'plan'>;
  if (!isSame(wanted.plan, plan)) return `the plan is not that of the order ${id}`;
  const parts: readonly object[] = [...plan.members, ...plan.controlPlane];
  return parts.some((part) => isSame(asPlanned(part), asPlanned(wanted.part)))
    ? undefined
    : `what it is to act upon is not as the plan of the order ${id} has it`;
}

/** The names of the members and parts of the control plane that a call is about. */
function partsOf(call: NodeCall): string[] {
  switch (call.call) {
    case 'observe':
      return [call.member.name];
    case 'observe-component':
      return [call.component.name];
    case 'compare':
      return [...call.order.members, ...call.order.components].map(({ name }) => name);
    case 'perform':
    case 'undo':
    case 'perform-component':
    case 'undo-component':
    case 'release':
    case 'offer':
    default:
      return [actOf(call)!.part.name];
  }
}

/** By which plan a call changes something, and what; undefined for one that looks. */
function actOf(
  call: NodeCall,
): { readonly plan: RestorePlan; readonly part: { readonly name: string } } | undefined {
  switch (call.call) {
    case 'observe':
    case 'observe-component':
    case 'compare':
      return undefined;
    case 'perform-component':
    case 'undo-component':
      return { plan: call.order.plan, part: call.order.component };
    case 'release':
      return { plan: call.plan, part: call.member };
    case 'perform':
    case 'undo':
    case 'offer':
    default:
      return { plan: call.order.plan, part: call.order.member };
  }
}

/** Whether a part of the control plane runs is as its leader has seen it last. */
function asPlanned(part: object): object {
  const { running: _, ...rest } = part as { readonly running?: unknown };
  return rest;
}

function isSame(one: object, other: object): boolean {
  return canonicalJson(one) === canonicalJson(other);
}
