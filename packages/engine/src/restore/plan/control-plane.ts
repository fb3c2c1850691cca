import { Failure } from '@holdfast/base';
import type { PlannedComponent } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import { observeComponents } from '../checks/index.ts';
import type { ChosenWay } from './chosen-way.ts';
import type { PlanRequest } from './request.ts';

/**
 * What is stopped before etcd and started after it, as it is seen now. Nothing where members are only replaced: their
 * cluster serves on.
 *
 * @throws Failure usage: somebody vouches for what can be seen; the signal's reason
 */
export async function controlPlaneOf(
  context: VerbContext,
  { description, nodes, attest = [], by }: PlanRequest,
  { way }: ChosenWay,
): Promise<PlannedComponent[]> {
  if (way === 'replace') return [];
  const seen = await observeComponents(context, description.controlPlane, nodes);
  return seen.map((component) => {
    const { name, running } = component;
    const vouched = attest.find(({ member }) => member === name);
    if (vouched === undefined) return component;
    if (running !== null) {
      const found = running ? 'runs' : 'is stopped';
      throw new Failure('usage', `${name} can be reached and ${found}, so nobody has to vouch for it`);
    }
    return { ...component, attested: { by, reason: vouched.reason } };
  });
}
