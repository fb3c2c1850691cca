import type { StepKind } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { StepEvidence } from '../node.ts';
import { agree } from './agree.ts';
import { checkAgain } from './check.ts';
import { guard } from './guard.ts';
import { joinMember, promoteLearner, removeLost } from './membership.ts';
import type { ClusterStepOrder } from './order.ts';
import { probe } from './probe.ts';
import { saveFirst } from './save.ts';

type Step = (context: VerbContext, order: ClusterStepOrder) => Promise<StepEvidence>;

const steps: Partial<Record<StepKind, Step>> = {
  check: checkAgain,
  guard,
  remove: removeLost,
  join: joinMember,
  promote: promoteLearner,
  agree,
  probe,
  save: saveFirst,
};

/**
 * Carries out a step whose scope is the cluster; done again after a crash it ends the same.
 *
 * @returns what it found: of `check`, `agree`, `probe` and `save` with `checks`, of `check` with `controlPlane` too; of `join` memberId and initialCluster;
 * of `promote` and `remove` memberId; of `guard` and `save` name, revision and state, or `skipped` with the reason
 * @throws Failure restore-refused (check), node-failed (agree, probe, promote), or those of EtcdClient; the reason of
 * either signal
 */
export async function performClusterStep(
  context: VerbContext,
  order: ClusterStepOrder,
): Promise<StepEvidence> {
  const step = steps[order.kind];
  if (step === undefined) throw new Error(`step ${order.kind} is not about the cluster`);
  return await step(context, order);
}
