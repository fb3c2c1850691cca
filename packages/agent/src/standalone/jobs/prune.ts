import { formatBytes, isFailure, type Failure } from '@holdfast/base';
import { prune as pruneRepository, type PruneResult } from '@holdfast/engine';
import type { Policy, PolicyTarget } from '@holdfast/model';
import type { JobPorts } from '../ports.ts';
import type { JobEnd, Known } from '../work.ts';
import { contextOf } from './context.ts';
import { ownSnapshots } from './own.ts';

/** Keeps in each repository of a policy what its retention says. What fails in one keeps none of the others. */
export async function prune(
  ports: JobPorts,
  policy: Policy,
  known: Known,
  signal: AbortSignal,
): Promise<JobEnd> {
  const notes: string[] = [];
  const warnings: string[] = [];
  let failure: Failure | null = null;
  for (const target of policy.targets) {
    signal.throwIfAborted();
    const clusterId = known[target.repository]?.clusterId ?? null;
    try {
      const result = await pruneTarget(ports, policy, { target, clusterId }, signal);
      if (result === undefined) continue;
      notes.push(...noteOf(target.repository, result));
      const failed = result.snapshots.filter((each) => each.outcome === 'failed');
      for (const { entry, failure: why } of failed)
        warnings.push(`${entry.name} in ${target.repository} is still there: ${why?.message}: ${why?.why}`);
      failure ??= failed[0]?.failure ?? null;
    } catch (error) {
      if (!isFailure(error) || signal.aborted) throw error;
      warnings.push(`${target.repository} was not pruned: ${error.message}: ${error.why}`);
      failure ??= error;
    }
  }
  return { outcome: failure === null ? 'ok' : 'failed', failure, note: notes.join('; '), warnings };
}

/** Undefined where nothing of the policy is: nothing is to go then. */
async function pruneTarget(
  ports: JobPorts,
  policy: Policy,
  { target, clusterId }: { readonly target: PolicyTarget; readonly clusterId: string | null },
  signal: AbortSignal,
): Promise<PruneResult | undefined> {
  const repository = await ports.open(target.repository, signal);
  const own = await ownSnapshots(ports, repository, { policy, clusterId }, signal);
  const cluster = own.at(-1)?.cluster.id;
  if (cluster === undefined) return undefined;
  const retention = target.retention ?? policy.retention;
  return await pruneRepository(contextOf(ports, signal), repository, {
    policy: policy.name,
    retention,
    cluster,
  });
}

function noteOf(repository: string, { snapshots, freedBytes }: PruneResult): string[] {
  const count = (outcome: string): number => snapshots.filter((each) => each.outcome === outcome).length;
  const [deleted, marked] = [count('deleted'), count('marked')];
  if (deleted + marked === 0) return [];
  return [`${repository}: ${deleted} deleted (${formatBytes(freedBytes)}), ${marked} marked to go`];
}
