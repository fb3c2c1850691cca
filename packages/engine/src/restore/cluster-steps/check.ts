import { Failure } from '@holdfast/base';
import { type PlannedMember, unseen } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import { observeComponents, observeMembers, preflight } from '../checks/index.ts';
import type { StepEvidence } from '../node.ts';
import type { ClusterStepOrder } from './order.ts';

/** Makes the checks of before again, with what is to be seen now. @throws Failure restore-refused */
export async function checkAgain(context: VerbContext, order: ClusterStepOrder): Promise<StepEvidence> {
  const { plan, nodes, connect, repository, endOfStep } = order;
  const within = { ...context, signal: endOfStep };
  const members = await observeMembers(within, plan.members, { nodes, connect });
  await refuseChanged(within, order, members);
  const controlPlane = await observeComponents(within, plan.controlPlane, nodes);
  const checks = await preflight(within, {
    plan: { ...plan, members, controlPlane },
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
  return { checks, controlPlane: controlPlane.map(({ name, running }) => ({ name, running })) };
}

/**
 * A plan is of the moment at which it was made. A cluster that has come back since must not be replaced by older data; and
 * members are only replaced beside a quorum, without which the first act would be the last.
 */
async function refuseChanged(
  context: VerbContext,
  { plan, nodes, connect }: ClusterStepOrder,
  members: readonly PlannedMember[],
): Promise<void> {
  const refuse = (why: string): never => {
    throw new Failure('restore-refused', why, { cluster: plan.cluster.name });
  };
  if (plan.way !== 'replace') {
    const back = members.find(({ sight }) => sight.inQuorum);
    if (back === undefined || plan.members.some(({ sight }) => sight.inQuorum)) return;
    refuse(`${back.name} is in a quorum again, which it was not when this was planned: plan anew`);
  }
  const staying = (plan.staying ?? []).map((member) => ({
    ...member,
    role: 'member' as const,
    sight: unseen(),
  }));
  const out = (await observeMembers(context, staying, { nodes, connect })).find(
    ({ sight }) => !sight.inQuorum,
  );
  if (out !== undefined) refuse(`${out.name} stays and is not in a quorum: plan anew`);
}

/** Whether the plan takes the snapshot of another cluster on purpose, as its own check P2 noted. */
export function isClone({ plan }: ClusterStepOrder): boolean {
  return plan.checks.some(({ id, evidence }) => id === 'P2' && evidence['clone'] === true);
}
