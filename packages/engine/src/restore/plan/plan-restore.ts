import { randomBytes } from 'node:crypto';
import { planSteps, RestorePlan, type RestoreSource } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import { preflight, type PlanToBe } from '../checks/index.ts';
import { changesOf } from './changes.ts';
import { chooseWay, refuseContradictions } from './choose-way.ts';
import type { ChosenWay } from './chosen-way.ts';
import { controlPlaneOf } from './control-plane.ts';
import { estimateMs } from './estimate.ts';
import { identityOf } from './identity.ts';
import { lossOf } from './loss.ts';
import { planHash } from './plan-text.ts';
import { otherWays } from './other-ways.ts';
import type { PlanRequest } from './request.ts';
import { sourceOf } from './snapshot.ts';
import { seedOf, topologyOf } from './topology.ts';
import { findCluster, type FoundCluster } from './triage-cluster.ts';

/**
 * Makes the plan of a restore: everything that will be done, and what will be lost. Nothing is changed. A check that
 * fails is told in the plan; the restore refuses to begin with it.
 *
 * @throws Failure restore-unneeded where another way is better and no way was asked for; restore-impossible;
 *   restore-plan-invalid, usage; and as triageCluster
 */
export async function planRestore(context: VerbContext, request: PlanRequest): Promise<RestorePlan> {
  refuseContradictions(request);
  const found = await findCluster(context, request);
  const chosen = chooseWay(request, found);
  const plan = await planToBe(context, request, found, chosen);
  const { nodes, connect, repository, clone } = request;
  const checks = await preflight(context, {
    plan,
    nodes,
    connect,
    ...(repository !== undefined && { repository }),
    ...(plan.staying !== undefined && { staying: plan.staying }),
    ...(clone !== undefined && { clone }),
  });
  const steps = planSteps(plan, estimateMs);
  const total = steps.reduce((sum, step) => sum + step.estimateMs, 0);
  // Once through the schema, so that what is hashed is what will be read.
  const whole = RestorePlan.parse({ ...plan, checks, steps, estimateMs: total, hash: '0'.repeat(64) });
  return { ...whole, hash: planHash(whole) };
}

async function planToBe(
  context: VerbContext,
  request: PlanRequest,
  found: FoundCluster,
  chosen: ChosenWay,
): Promise<PlanToBe> {
  const { members, staying } = topologyOf(request, found, chosen);
  const seed = seedOf(request, chosen, members);
  const source = await sourceFor(context, found, chosen);
  const now = context.clock.now();
  const controlPlane = await controlPlaneOf(context, request, chosen);
  const identity = identityOf(request, { found, source, members, seed });
  const id = restoreId(now);
  const planned = { id, source, members: [...members], controlPlane, cluster: identity.cluster };
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'RestorePlan',
    ...planned,
    createdAt: now.toISOString(),
    holdfast: context.holdfast,
    why: chosen.why,
    way: chosen.way,
    strategy: seed === null ? 'all' : 'seed',
    seed,
    ...identity,
    ...(chosen.way === 'replace' && { staying: [...staying] }),
    ...(await changesOf(context, request, planned)),
    loss: await lossOf(context, found, chosen),
    otherWays: await otherWays(context, found, chosen),
    skips: [...(request.skips ?? [])],
    by: request.by,
  };
}

async function sourceFor(
  context: VerbContext,
  found: FoundCluster,
  { way, members: [survivor] }: ChosenWay,
): Promise<RestoreSource> {
  if (way === 'snapshot') {
    if (found.snapshot === null) throw new Error('a restore from a snapshot has one');
    return await sourceOf(context, found.snapshot);
  }
  if (way === 'salvage') {
    const { sight, name } = found.members.find((each) => each.name === survivor) ?? {};
    if (sight === undefined || name === undefined) throw new Error('a salvage has its survivor');
    return { kind: 'salvage', member: name, size: sight.size ?? 0, revision: sight.revision ?? 0 };
  }
  const quorum = found.members.flatMap(({ sight }) => (sight.inQuorum ? [sight] : []));
  return {
    kind: 'quorum',
    size: most(quorum.map(({ size }) => size)),
    revision: most(quorum.map(({ revision }) => revision)),
  };
}

function most(values: readonly (number | null)[]): number {
  return Math.max(0, ...values.map((each) => each ?? 0));
}

/** As restoreIdPattern has it: the second of its making, and a chance part for two of one second. */
function restoreId(now: Date): string {
  const second = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase();
  return `r-${second}z-${randomBytes(3).toString('hex')}`;
}
