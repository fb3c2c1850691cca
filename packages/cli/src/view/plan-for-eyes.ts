import type { RestorePlan, StepKind } from '@holdfast/model';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { styleFor } from '../term/style.ts';
import { planText } from './plan.ts';

/** The whole plan on stderr, for a person who answers for it, and what it stops first. */
export function planForEyes({ io, settings }: Session, verb: Verb, plan: RestorePlan): string {
  const style = styleFor(io.stderr, io.env, verb.optsWithGlobals<{ color?: boolean }>().color !== false);
  const text = planText(plan, { wide: false, utc: settings.utc, style, now: io.clock.now() });
  const of = (wanted: StepKind): string =>
    plan.steps.flatMap(({ kind, member }) => (kind === wanted ? [member ?? ''] : [])).join(', ');
  const halted = of('halt');
  const first = halted === '' ? '' : `${halted}, then `;
  return `${text}\nThis stops ${first}etcd on ${of('stop')} and puts its data aside. Nothing was touched yet.`;
}
