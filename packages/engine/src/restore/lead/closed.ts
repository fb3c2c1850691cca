import type { RestorePlan } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import { plannedContent } from '../planned-content.ts';
import { stateOf, type Leader, type LeadOptions } from './leader.ts';

/** Whether a member has still to be given the snapshot. */
export function needsSnapshot(leader: Leader): boolean {
  const { steps } = stateOf(leader);
  return leader.plan.steps.some(
    ({ kind, number }) => (kind === 'fetch' || kind === 'share') && steps[number - 1] !== 'done',
  );
}

/**
 * A snapshot that only its repository opens has to be there and to open before anything is touched: found out by a step,
 * it would have the restore undone.
 *
 * @throws as plannedContent; key-missing, key-not-matching, object-damaged, what storages throw
 */
export async function refuseClosed(
  { signal }: VerbContext,
  { plan, repository }: Pick<LeadOptions, 'repository'> & { readonly plan: RestorePlan },
): Promise<void> {
  const { source, cluster } = plan;
  if (source.kind !== 'snapshot' || source.path !== null) return;
  const content = await plannedContent({ source, cluster }, repository);
  await (await content.open(signal)).close();
}
