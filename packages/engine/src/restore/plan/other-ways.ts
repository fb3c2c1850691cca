import type { RestorePlan } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { ChosenWay } from './chosen-way.ts';
import { lossOf } from './loss.ts';
import type { FoundCluster } from './triage-cluster.ts';

type OtherWay = NonNullable<RestorePlan['otherWays']>[number];

/** What could be done instead of the chosen way, each with what it would lose, so that a person can compare. */
export async function otherWays(
  context: VerbContext,
  found: FoundCluster,
  chosen: ChosenWay,
): Promise<OtherWay[]> {
  const others: OtherWay[] = [];
  for (const { way, why, revision, members } of found.triage.ways) {
    if (way === chosen.way) continue;
    const of = way === 'snapshot' || way === 'objects' ? (found.snapshot?.name ?? '') : members.join(', ');
    const loss =
      way === 'objects' || way === 'start' ? null : await lossOf(context, found, { way, why, members });
    others.push({ way, of, why, revision, loss });
  }
  return others;
}
