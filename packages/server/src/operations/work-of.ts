import type { OrderKind } from '@holdfast/model/fleet';
import { inputOf, type Place } from './inputs.ts';
import type { View } from './view.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Milliseconds after which an order is given up although its node answers. A check may read for days, a restore takes its own limits. */
export const limitMsOf: Readonly<Record<Exclude<OrderKind, 'node'>, number | null>> = {
  save: 6 * hour,
  verify: 12 * hour,
  drill: 6 * hour,
  prune: 6 * hour,
  check: null,
  delete: hour,
  plan: 15 * minute,
  lead: null,
  /** It has two parts at most, and five minutes for each. */
  restart: 15 * minute,
};

/** What one order of an operation that needs one is to hold, and which node may be given it; a sentence: why there can be none. */
export interface Work {
  readonly kind: Exclude<OrderKind, 'node' | 'lead' | 'restart'>;
  readonly input: Readonly<Record<string, unknown>>;
  readonly place: Place;
  /** When it is given up for the next run; null: it is not. */
  readonly until: string | null;
}

/** The order that carries an operation out; undefined: a drill of a policy that has no verified snapshot. */
export function workOf(view: View): Work | undefined {
  const { operation, cluster } = view;
  switch (operation.kind) {
    case 'save': {
      const { policy, targets, name, place, until } = inputOf('save', operation);
      const input = {
        ...{ policy, targets, trigger: operation.trigger, scheduledFor: operation.scheduledFor },
        cluster: policy?.cluster ?? cluster.name,
        ...(name !== null && { name }),
      };
      return { kind: 'save', input, place, until };
    }
    case 'prune':
    case 'check': {
      const { policy, place, until } = inputOf(operation.kind, operation);
      const input = { policy, cluster: policy.cluster ?? cluster.name };
      return { kind: operation.kind, input, place, until };
    }
    case 'verify':
    case 'delete': {
      const { reason, place, ...stored } = inputOf(operation.kind, operation);
      const input = operation.kind === 'delete' ? { ...stored, reason } : stored;
      return { kind: operation.kind, input, place, until: null };
    }
    case 'drill': {
      const { place, ...asked } = inputOf('drill', operation);
      if (!('policy' in asked)) {
        const { reason: _, ...stored } = asked;
        return { kind: 'drill', input: stored, place, until: null };
      }
      if (view.newest === null) return undefined;
      return { kind: 'drill', input: { ...view.newest }, place, until: asked.until };
    }
    case 'plan': {
      const { request, description, placement, leader } = inputOf('plan', operation);
      const input = { request, description, placement, by: operation.requestedBy };
      return { kind: 'plan', input, place: { node: leader, standsIn: false }, until: null };
    }
    case 'restore':
    case 'restart-nodes':
    default:
      throw new Error(`${operation.kind} ${operation.id} is not carried out by one order`);
  }
}
