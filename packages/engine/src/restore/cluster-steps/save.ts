import type { RestoreCheck } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { StepEvidence } from '../node.ts';
import type { ClusterStepOrder } from './order.ts';
import { notSaved } from './promised.ts';
import { reasonOf, savedEvidence, saveOnce } from './save-once.ts';
import { membersInTheEnd } from './voices.ts';

/** Q10: a first snapshot of the restored cluster. That there is none does not undo the restore; it is told. */
export async function saveFirst(context: VerbContext, order: ClusterStepOrder): Promise<StepEvidence> {
  const { plan, repository } = order;
  if (repository === undefined) {
    const found = notSaved(plan, 'first');
    return { ...missing(found.skipped, 'skipped'), ...found };
  }
  try {
    const entry = await saveOnce(context, order, {
      repository,
      members: membersInTheEnd(order),
      name: `post-restore-${plan.id}`,
      allowDegraded: false,
      trigger: 'manual',
    });
    const saved = savedEvidence(entry);
    const detail = `${saved.name} is saved at revision ${saved.revision} and ${saved.state}`;
    return {
      ...saved,
      checks: [{ ...q10, outcome: 'passed', detail, evidence: saved } satisfies RestoreCheck],
    };
  } catch (error) {
    return missing(reasonOf(order, error), 'failed');
  }
}

const q10 = { id: 'Q10', what: 'first snapshot' } as const;

function missing(why: string, outcome: 'skipped' | 'failed'): StepEvidence {
  const check: RestoreCheck = { ...q10, outcome, detail: `no snapshot was saved: ${why}`, evidence: {} };
  return { skipped: why, checks: [check] };
}
