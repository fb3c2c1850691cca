import { Failure } from '@holdfast/base';
import type { ComponentDescription, PlannedComponent } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import { observeComponents } from '../checks/index.ts';
import type { ChosenWay } from './chosen-way.ts';
import type { PlanRequest } from './request.ts';

type Vouched = Pick<PlannedComponent, 'attested'>;

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
  const described = description.controlPlane.map((component): ComponentDescription & Vouched => {
    const vouched = attest.find(({ member }) => member === component.name);
    return vouched === undefined ? component : { ...component, attested: { by, reason: vouched.reason } };
  });
  const seen = await observeComponents(context, described, nodes);
  for (const { name, running, attested } of seen) {
    if (attested === undefined || running === null) continue;
    const found = running ? 'runs' : 'is stopped';
    throw new Failure('usage', `${name} can be reached and ${found}, so nobody has to vouch for it`);
  }
  return seen;
}
