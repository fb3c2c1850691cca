import { Failure } from '@holdfast/base';
import type { CallReply, CallRequest, CallState } from '@holdfast/model/fleet';
import type { z } from 'zod';
import type { AgentCaller } from '../../auth/caller.ts';
import type { Heard } from '../../gate/ears.ts';
import { newId } from '../../ids.ts';
import type { StoredOrder } from '../../store/orders.ts';
import { beyondOrder } from './call-scope.ts';
import { silent } from './orders.ts';
import type { AgentApiParts } from './parts.ts';

const longestWaitMs = 30_000;
/** Longer than any step of a restore. */
const longestLimitMs = 7 * 24 * 3_600_000;
/** Milliseconds for a look at a node that is away: it may be just coming back, and else a restore has to do without. */
const awayMs = 2_000;

/**
 * Has another node of the cluster do something for the node that leads a restore, or plans one: an order of kind `node`.
 * Asked again with the same key, it is the same order.
 *
 * @throws Failure agent-expelled; call-refused: the caller has no open order of that kind, or the call goes beyond it, or the
 *   other node is not in its cluster
 */
export async function makeCall(
  { context, gate }: AgentApiParts,
  caller: AgentCaller,
  { key, order: leadId, node, call, limitMs }: z.infer<typeof CallRequest>,
): Promise<z.infer<typeof CallReply>> {
  await gate.known.admit(caller);
  const { store, clock, random } = context;
  const lead = await store.orders.get(leadId);
  if (lead === undefined || lead.order.node !== caller.node)
    throw refused(node, `${caller.node} has no order ${leadId}`);
  if (lead.outcome !== null) throw refused(node, `the order ${leadId} is over`);
  const beyond = beyondOrder(lead, node, call);
  if (beyond !== undefined) throw refused(node, beyond);
  const other = await store.nodes.get(node);
  if (other?.cluster !== caller.cluster)
    throw refused(node, `it is not a node of the cluster ${caller.cluster}`);
  const now = clock.now();
  const isLook = call.call === 'observe' || call.call === 'observe-component';
  const isAway = !gate.connected(other) && !gate.mayComeBack(node);
  const mostMs = isLook && isAway ? awayMs : longestLimitMs;
  const made = await store.orders.create(
    {
      id: newId('o', random),
      operation: lead.order.operation,
      node,
      kind: 'node',
      input: call,
      issuedBy: caller.node,
      createdAt: now.toISOString(),
      deadline: new Date(now.getTime() + Math.min(limitMs, mostMs)).toISOString(),
    },
    `call/${leadId}/${key}`,
  );
  return { call: made.order.id };
}

/**
 * How a call has ended; waits for that. One that has no end when its time is over fails as `node-silent`.
 *
 * @throws Failure agent-expelled, call-refused
 */
export async function callState(
  { context, gate }: AgentApiParts,
  caller: AgentCaller,
  call: string,
  waitMs: number,
  gone: AbortSignal,
): Promise<z.infer<typeof CallState>> {
  const { store, clock } = context;
  await gate.known.admit(caller);
  const ear = gate.ears.listen([`order/${call}`]);
  gone.addEventListener('abort', ear.close, { once: true });
  const until = clock.monotonic() + Math.min(waitMs, longestWaitMs);
  let heard: Heard | undefined;
  try {
    for (;;) {
      const { order, outcome } = await ownCall({ context }, caller, call);
      const leftMs = Date.parse(order.deadline ?? '') - clock.now().getTime();
      if (outcome === null && leftMs <= 0) {
        await store.orders.settle(call, silent(order), clock.now().toISOString());
        continue;
      }
      const isOver = clock.monotonic() >= until || heard === 'gone' || heard === 'ended';
      if (outcome !== null || isOver) {
        const progress = (await store.orders.progress(call))?.data ?? null;
        return { outcome, progress };
      }
      // A bell may be missed: it is looked again after a while.
      const look = clock.monotonic() + lookEveryMs;
      heard = await ear.wait(Math.min(until, look, clock.monotonic() + leftMs));
    }
  } finally {
    gone.removeEventListener('abort', ear.close);
    ear.close();
  }
}

const lookEveryMs = 5_000;

/** The caller wants it no more. @throws Failure agent-expelled, call-refused */
export async function cancelCall(
  { context, gate }: AgentApiParts,
  caller: AgentCaller,
  call: string,
): Promise<void> {
  await gate.known.admit(caller);
  const { outcome } = await ownCall({ context }, caller, call);
  if (outcome === null) await context.store.orders.cancel(call);
}

async function ownCall(
  { context: { store } }: Pick<AgentApiParts, 'context'>,
  { node }: AgentCaller,
  call: string,
): Promise<StoredOrder> {
  const stored = await store.orders.get(call);
  if (stored === undefined || stored.order.kind !== 'node' || stored.order.issuedBy !== node)
    throw refused(stored === undefined ? 'unknown' : stored.order.node, `${node} has made no call ${call}`);
  return stored;
}

function refused(node: string, why: string): Failure {
  return new Failure('call-refused', why, { node });
}
