import { Failure } from '@holdfast/base';
import type { VerbContext } from '../../context.ts';
import { observeMembers, preflight } from '../checks/index.ts';
import type { StepEvidence } from '../node.ts';
import type { ClusterStepOrder } from './order.ts';

/** Makes the checks of before again, with what is to be seen now. @throws Failure restore-refused */
export async function checkAgain(context: VerbContext, order: ClusterStepOrder): Promise<StepEvidence> {
  const { plan, nodes, connect, repository, endOfStep } = order;
  const within = { ...context, signal: endOfStep };
  const members = await observeMembers(within, plan.members, { nodes, connect });
  const checks = await preflight(within, {
    plan: { ...plan, members },
    nodes,
    connect,
    clone: isClone(order),
    ...(repository && { repository }),
  });
  const failed = checks.filter(({ outcome }) => outcome === 'failed');
  if (failed.length > 0) {
    const why = failed.map(({ id, what, detail }) => `${id} ${what}: ${detail}`).join('; ');
    const ids = failed.map(({ id }) => id).join(', ');
    throw new Failure('restore-refused', why, { cluster: plan.cluster.name, checks: ids });
  }
  return { checks };
}

/** Whether the plan takes the snapshot of another cluster on purpose, as its own check P2 noted. */
export function isClone({ plan }: ClusterStepOrder): boolean {
  return plan.checks.some(({ id, evidence }) => id === 'P2' && evidence['clone'] === true);
}
