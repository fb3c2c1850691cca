import type { LeadOptions } from '@holdfast/engine';
import type { RestorePlan, RestoreReport } from '@holdfast/model';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { reportAnswer } from '../view/report.ts';
import { commandsAgain, flagsAgain, withCommands } from './restore-again.ts';
import type { RestorePorts } from './restore-ports.ts';
import { stepLines } from './restore-steps.ts';
import { restoreAt } from './restore-which.ts';

/** What is led, and what end was asked for. */
export interface Lead {
  readonly plan: RestorePlan;
  readonly ports: RestorePorts;
  readonly wanted: RestoreReport['outcome'];
}

/** Has the engine lead a restore while each step is told, and tells what became of it. */
export async function lead(
  session: Session,
  verb: Verb,
  { plan, ports, wanted }: Lead,
  act: (options: LeadOptions & { readonly id: string }) => Promise<RestoreReport>,
): Promise<Answer> {
  const commandFor = commandsAgain(session, verb);
  const options = {
    id: plan.id,
    stateDir: session.settings.stateDir,
    ...ports,
    onRecord: stepLines(session, verb, plan),
    flags: flagsAgain(session, verb),
  };
  const report = await withCommands(session, commandFor, () => act(options));
  return reportAnswer(report, wanted, await restoreAt(session, plan.id), commandFor);
}
