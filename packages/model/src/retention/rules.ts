import type { Retention } from '../policy/index.ts';
import type { RetainedSnapshot } from './facts.ts';
import { periodsIn, tiers } from './periods.ts';
import { isYounger } from './standing.ts';

/** Why each snapshot is kept, a sentence for each rule. */
export type Reasons = Map<RetainedSnapshot, string[]>;

/**
 * What the rules of a policy keep of snapshots that are counted together.
 *
 * @param group newest first
 * @param of said where the group is a part of the policy's, such as ` of cp-1`
 */
export function keptByRules(
  group: readonly RetainedSnapshot[],
  retention: Retention,
  { now, of }: { readonly now: Date; readonly of: string },
): Reasons {
  const reasons: Reasons = new Map(group.map((each) => [each, []]));
  const keep = (snapshot: RetainedSnapshot, why: string): number => reasons.get(snapshot)!.push(why);
  const { last, within, timeZone } = retention;
  group
    .slice(0, last ?? 0)
    .forEach((each, i) => keep(each, `among the newest${of} (last ${i + 1} of ${last})`));
  if (within !== undefined) {
    for (const each of group)
      if (isYounger(each.finishedAt, within, now)) keep(each, `younger than ${within}`);
  }
  const periodOf = periodsIn(timeZone);
  for (const tier of tiers) {
    const count = retention[tier] ?? 0;
    const seen = new Set<string>();
    for (const each of group) {
      if (seen.size === count) break;
      const period = periodOf(new Date(each.finishedAt), tier);
      if (seen.has(period)) continue;
      seen.add(period);
      keep(each, `the newest of ${period}${of} (${tier} ${seen.size} of ${count})`);
    }
  }
  if (keepsAll(retention)) for (const each of group) keep(each, everythingStays);
  return reasons;
}

/** The rules of a policy in a line, such as `last 5, within 7d`. */
export function rulesOf(retention: Retention): string {
  const names = ['last', 'within', ...tiers] as const;
  return names
    .flatMap((name) => (retention[name] === undefined ? [] : `${name} ${retention[name]}`))
    .join(', ');
}

/** Said of what is kept because the policy has no rule about it. */
export const everythingStays = 'no rule says what goes';

/** Whether a policy has no rule: then everything is kept, as far as there is room. */
export function keepsAll(retention: Retention): boolean {
  const { last, within } = retention;
  return last === undefined && within === undefined && tiers.every((tier) => retention[tier] === undefined);
}
