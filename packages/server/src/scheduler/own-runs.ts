import { createHash } from 'node:crypto';
import type { Operation, OwnRun } from '@holdfast/model/fleet';
import type { ServerContext } from '../context.ts';
import type { Tables } from '../store/store.ts';
import { nextTimes } from './next-times.ts';

/**
 * Stores what an agent did by itself while the server was away: an operation that is over, and the due time that it has
 * served, so that nothing is made up for twice. Told again, nothing more is stored.
 *
 * @param node that tells it
 * @throws Failure store-unreachable
 */
export async function recordOwnRun(
  { store, clock }: ServerContext,
  node: { readonly id: string; readonly cluster: string },
  run: OwnRun,
): Promise<void> {
  await store.transaction(async (tables) => {
    const operation = operationOf(node, run);
    if ((await tables.operations.get(operation.id)) !== undefined) return;
    await tables.operations.create(operation);
    await moveOn(tables, node.cluster, run, clock.now());
  });
}

function operationOf(node: { readonly id: string; readonly cluster: string }, run: OwnRun): Operation {
  const { job, policy, scheduledFor, startedAt, endedAt, result } = run;
  const state = result.outcome === 'ok' ? 'succeeded' : result.outcome;
  const { failure } = result;
  return {
    ...{ id: idOf(node.id, run.id), kind: job, cluster: node.cluster, state },
    phase: job === 'save' ? (state === 'failed' ? 'Failed' : 'Finished') : null,
    why: failure === null ? (state === 'partial' ? result.note : '') : `${failure.what}: ${failure.why}`,
    ...{ steps: [], policy, trigger: 'schedule', scheduledFor, requestedBy: `node ${node.id}` },
    ...{ approvals: [], approvalsNeeded: 0, node: node.id, createdAt: startedAt, startedAt, endedAt },
    ...{ input: { ownRun: run.id }, result, failure },
  };
}

/** The same for the same run, whoever is told of it. */
function idOf(node: string, run: string): string {
  const hash = createHash('sha256').update(`${node}\n${run}`).digest();
  const letters = '0123456789abcdefghijkmnpqrstvwxyz';
  return `op-${Array.from(hash.subarray(0, 12), (byte) => letters[byte % letters.length]).join('')}`;
}

/** Milliseconds by which the clock of an agent may be ahead. */
const mostAheadMs = 5 * 60_000;

/**
 * Only a later due time than what is known moves the policy on, and none that is still to come: by one that is, a stolen
 * agent's key would keep the policy from being due ever again.
 */
async function moveOn(
  tables: Tables,
  cluster: string,
  { job, policy: name, scheduledFor, result }: OwnRun,
  now: Date,
): Promise<void> {
  const stored = await tables.policies.get(cluster, name);
  if (stored === undefined) return;
  if (job === 'save') await tables.policies.setOutcome(cluster, name, result.outcome);
  if (job === 'prune' || scheduledFor === null || scheduledFor <= (stored.times.last[job] ?? '')) return;
  if (Date.parse(scheduledFor) > now.getTime() + mostAheadMs) return;
  const last = { ...stored.times.last, [job]: scheduledFor };
  const next = nextTimes({ cluster, policy: stored.policy, createdAt: stored.createdAt, last }, now);
  await tables.policies.advance(cluster, name, stored.times, { last, next });
}
