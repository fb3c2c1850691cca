import { isFailure } from '@holdfast/base';
import type { LeadOptions } from '@holdfast/engine';
import type { RestorePlan, RestoreReport } from '@holdfast/model';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import type { Operation } from '../view/operation.ts';
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

/** Has the engine lead a restore while each step is told, and reports what became of it, also where it was put back. */
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
  try {
    const report = await withCommands(session, commandFor, () => act(options));
    return reportAnswer(report, wanted, await restoreAt(session, plan.id), commandFor);
  } catch (failure) {
    const reported = isFailure(failure, 'restore-rolled-back') && (await reportOf(session, plan));
    if (!reported) throw failure;
    return { ...reportAnswer(reported.report, wanted, reported.operation, commandFor), failure };
  }
}

/** Of a restore that was put back; undefined where it cannot be read, since what happened is told all the same. */
async function reportOf(
  session: Session,
  { id }: RestorePlan,
): Promise<{ report: RestoreReport; operation: Operation } | undefined> {
  try {
    const operation = await restoreAt(session, id);
    return operation.report && { report: operation.report, operation };
  } catch {
    return undefined;
  }
}
