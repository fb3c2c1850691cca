import { Failure } from '@holdfast/base';
import type { SyncReply, SyncRequest } from '@holdfast/model/fleet';
import type { z } from 'zod';
import type { AgentCaller } from '../../auth/caller.ts';
import type { KnownNode } from '../../gate/known-nodes.ts';
import { newsFor, type News } from './news.ts';
import type { AgentApiParts } from './parts.ts';
import { clockSkewMs } from './skew.ts';
import { storeTold, type Stored } from './told.ts';

type Reply = z.infer<typeof SyncReply>;

/** No request waits longer: one that is not heard for 45 seconds counts as away. */
const longestWaitMs = 30_000;
/** What an agent was told and does not act upon is told again so often, and not at once. */
const tellAgainMs = 2_000;
const longestVersion = 100;
/** Characters of JSON. Every list of nodes holds the inventories, and a machine has a few members and disks. */
const longestInventory = 1_000_000;

/**
 * An agent tells what is new, and is told what it is to do: at once where there is something, else as soon as there is, or
 * after `waitMs`. A newer request of the same agent ends the older one.
 *
 * @param gone aborted when the client is gone
 * @throws Failure agent-expelled, server-stopping, body-too-large, store-unreachable
 */
export async function sync(
  parts: AgentApiParts,
  caller: AgentCaller,
  request: SyncRequest,
  gone: AbortSignal,
): Promise<Reply> {
  const { context, gate } = parts;
  const { clock } = context;
  const at = { now: clock.now(), monotonic: clock.monotonic() };
  if (gate.ears.ended) throw new Failure('server-stopping', 'another one, or the next, answers');
  const known = await gate.known.admit(caller);
  const skewMs = clockSkewMs(known, request.now, at);
  known.answeredAt = null;
  gate.sightings.hear({
    node: caller.node,
    agentVersion: request.agentVersion.slice(0, longestVersion),
    clockSkewMs: skewMs,
  });
  const ear = gate.ears.listen([`node/${caller.node}`, `cluster/${caller.cluster}`], caller.node);
  gone.addEventListener('abort', ear.close, { once: true });
  try {
    const stored = await storeTold(context, caller, request);
    await takeInventory(parts, caller, known, request);
    const until = at.monotonic + Math.min(request.waitMs, longestWaitMs);
    for (let isFresh = true; ; isFresh = false) {
      const news = await newsFor(parts, caller, known, request, { isFresh, skewMs });
      const tellAt = whenToTell(known, news, clock.monotonic(), stored);
      if (tellAt <= clock.monotonic()) return reply(parts, known, news, stored);
      const heard = await ear.wait(Math.min(until, tellAt));
      if (heard === 'gone') gate.sightings.leave(caller.node);
      if (heard === 'over' && tellAt <= until) return reply(parts, known, news, stored);
      if (heard !== 'rung') return quiet(parts, known, news, stored);
    }
  } finally {
    gone.removeEventListener('abort', ear.close);
    ear.close();
  }
}

/** By the monotonic clock; Infinity: there is nothing to tell. */
function whenToTell(known: KnownNode, { told }: News, now: number, stored: Stored): number {
  if (Object.values(stored).some((each) => each.length > 0)) return now;
  if (told === '') return Number.POSITIVE_INFINITY;
  return known.told?.what === told ? known.told.at + tellAgainMs : now;
}

function reply(
  { context: { clock } }: AgentApiParts,
  known: KnownNode,
  { told, ...news }: News,
  stored: Stored,
): Reply {
  known.told = { what: told, at: clock.monotonic() };
  return { now: clock.now().toISOString(), ...news, ...stored };
}

function quiet(parts: AgentApiParts, known: KnownNode, news: News, stored: Stored): Reply {
  const { told } = known;
  const quietly = reply(parts, known, news, stored);
  known.told = told;
  known.answeredAt = parts.context.clock.monotonic();
  return quietly;
}

/** Stores the inventory where it is another one. */
async function takeInventory(
  { context, gate }: AgentApiParts,
  { node, cluster }: AgentCaller,
  known: KnownNode,
  { inventory, inventoryHash }: SyncRequest,
): Promise<void> {
  if (inventory === undefined || inventoryHash === known.inventoryHash) return;
  const size = JSON.stringify(inventory).length;
  if (size > longestInventory)
    throw new Failure('body-too-large', `the inventory has ${size} characters of ${longestInventory}`);
  await context.store.nodes.setInventory(node, inventory, inventoryHash);
  known.inventoryHash = inventoryHash;
  if (inventory.members.length > 0) await gate.assignments.newMember(cluster);
}
