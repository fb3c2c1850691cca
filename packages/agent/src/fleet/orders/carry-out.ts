import { Failure } from '@holdfast/base';
import { orderInputs, type OrderInput, type OrderKind } from '@holdfast/model/fleet';
import type { Leads } from '../restore/lead-order.ts';
import { planByOrder } from '../restore/plan-order.ts';
import type { Act, OrderPorts, Result } from './act.ts';
import {
  checkByOrder,
  deleteByOrder,
  drillByOrder,
  pruneByOrder,
  saveByOrder,
  verifyByOrder,
} from './jobs.ts';
import type { NodeCalls } from './node-calls.ts';
import { restartByOrder } from './restart.ts';

type Carry<Kind extends OrderKind> = (
  ports: OrderPorts,
  input: OrderInput<Kind>,
  act: Act,
) => Promise<Result>;

function parsed<Kind extends OrderKind>(kind: Kind, carry: Carry<Kind>) {
  return (ports: OrderPorts, act: Act): Promise<Result> => carry(ports, inputOf(act, kind), act);
}

const ways = {
  save: parsed('save', saveByOrder),
  verify: parsed('verify', verifyByOrder),
  drill: parsed('drill', drillByOrder),
  delete: parsed('delete', deleteByOrder),
  prune: parsed('prune', pruneByOrder),
  check: parsed('check', checkByOrder),
  plan: parsed('plan', planByOrder),
  restart: parsed('restart', restartByOrder),
};

/**
 * Carries an order out, whatever its kind. Done again after a crash it ends the same.
 *
 * @throws Failure order-invalid; what the kind throws; the signal's reason
 */
export async function carryOut(
  ports: OrderPorts,
  { calls, leads }: { readonly calls: NodeCalls; readonly leads: Leads },
  act: Act,
): Promise<Result> {
  const { kind } = act.order;
  if (kind === 'node') return await calls.carryOut(inputOf(act, kind), act);
  if (kind === 'lead') return await leads.carryOut(inputOf(act, kind), act);
  return await ways[kind](ports, act);
}

function inputOf<Kind extends OrderKind>({ order }: Act, kind: Kind): OrderInput<Kind> {
  const found = orderInputs[kind].safeParse(order.input);
  if (found.success) return found.data as OrderInput<Kind>;
  const [issue] = found.error.issues;
  throw new Failure('order-invalid', `${kind}: ${issue?.path.join('.')}: ${issue?.message}`);
}
