import type { KnownNode } from '../../gate/known-nodes.ts';

/** More is no round trip: the agent has done something in between. */
const mostMs = 5_000;

/**
 * Milliseconds by which an agent's clock is ahead, as its request shows it. A request is on its way for half a round trip,
 * and no round trip is longer than the shortest time from a quiet answer to the next request.
 *
 * @param at when the request was here, by the server's clock; `monotonic`: by its monotonic milliseconds
 */
export function clockSkewMs(
  known: KnownNode,
  agentNow: string,
  at: { readonly now: Date; readonly monotonic: number },
): number {
  if (known.answeredAt !== null)
    known.roundTripMs = Math.min(known.roundTripMs, Math.max(0, at.monotonic - known.answeredAt));
  const onItsWay = known.roundTripMs > mostMs ? 0 : known.roundTripMs / 2;
  return Math.round(Date.parse(agentNow) + onItsWay - at.now.getTime());
}
