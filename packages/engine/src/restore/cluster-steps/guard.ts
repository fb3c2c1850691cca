import type { VerbContext } from '../../context.ts';
import type { StepEvidence } from '../node.ts';
import type { ClusterStepOrder } from './order.ts';
import { notSaved } from './promised.ts';
import { reasonOf, savedEvidence, saveOnce } from './save-once.ts';

/**
 * Saves what a member still answers with, be it in doubt. The kept directories are the copy in any case, so that no
 * snapshot is no reason to stop.
 */
export async function guard(context: VerbContext, order: ClusterStepOrder): Promise<StepEvidence> {
  const { plan, repository } = order;
  const kept = plan.members.map(({ name, dataDir }) => ({ name, path: `${dataDir}/member.pre-${plan.id}` }));
  if (repository === undefined) return { kept, ...notSaved(plan, 'safety') };
  try {
    const name = `pre-restore-${plan.id}`;
    const entry = await saveOnce(context, order, {
      repository,
      members: plan.members,
      name,
      allowDegraded: true,
      trigger: 'pre-restore',
    });
    return { kept, ...savedEvidence(entry) };
  } catch (error) {
    return { kept, skipped: reasonOf(order, error) };
  }
}
