import { canonicalJson, ComponentDescription, MemberDescription, type RestorePlan } from '@holdfast/model';
import { z } from 'zod';
import type { Inputs } from './inputs.ts';

// A plan's members and components have more fields than their descriptions, which take no others.
const Member = z.object(MemberDescription.shape);
const Component = z.object(ComponentDescription.shape);

/**
 * What a plan would act upon that is not in the description it was asked for. Other nodes run what it says: the agent that
 * makes it chooses what is done, and never with which programs and folders.
 *
 * @returns one sentence; undefined where all is as described
 */
export function oddPart(
  { cluster, members, staying, controlPlane }: RestorePlan,
  { description }: Pick<Inputs['plan'], 'description'>,
): string | undefined {
  if (cluster.name !== description.name) return `it is of cluster ${cluster.name}, not ${description.name}`;
  const described = new Set(
    [...description.members, ...description.controlPlane].map((each) => canonicalJson(each)),
  );
  const planned = [
    ...[...members, ...(staying ?? [])].map((each) => Member.parse(each)),
    ...controlPlane.map((each) => Component.parse(each)),
  ];
  const odd = planned.find((each) => !described.has(canonicalJson(each)));
  return odd && `${odd.name} is not as it was described`;
}
