import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { RestorePlan } from '@holdfast/model';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import type { FleetRequestOptions } from '../remote/restore-request.ts';
import type { Answer } from '../term/answer.ts';
import { planAnswer, refusalOf } from '../view/plan.ts';
import { flagsAgain } from './restore-again.ts';
import { makePlan, planCommands } from './restore-made.ts';
import { requestOnly, requestTakes, withRequest, type RequestOptions } from './restore-options.ts';
import { refuseContradictions } from './restore-request.ts';

interface PlanOptions extends RequestOptions {
  readonly out?: string;
}

export function addPlan(parent: Verb): void {
  const verb = parent.command('plan');
  verb
    .description(
      'Look at a cluster and say how to bring it back: every step, and what is lost. Changes nothing.',
    )
    .option('--out <file>', 'write the plan there, for `restore run --plan`; an existing file is refused')
    .example(
      'What would be done, and what would be lost',
      'holdfast restore plan --cluster-file prod.yaml --repo /backup',
    )
    .example(
      'To be read by another person, then run exactly so',
      'holdfast restore plan --cluster-file prod.yaml --repo /backup --out plan.json',
    )
    .example(
      'From one snapshot, whatever else survives',
      'holdfast restore plan --cluster-file prod.yaml --repo /backup --way snapshot --snapshot latest',
    )
    .example(
      'With the Kubernetes version and the configuration that were saved with it; what changes is shown',
      'holdfast restore plan --cluster-file prod.yaml --repo /backup --snapshot latest --scope all',
    )
    .remark(
      'Without --way the least of what helps is chosen: start what is stopped, replace what is lost while the quorum stands, take the newest data that survives, and only then a snapshot. Where a restore would make things worse there is no plan but the better way as a command, and the exit status is 14.',
    );
  withRequest(verb).answers(async (session, options: PlanOptions) => plan(session, verb, options));
  overServer(
    verb,
    { takes: requestTakes, only: requestOnly },
    async (session, options: FleetRequestOptions) => {
      const { planRestore } = await import('../remote/restores.ts');
      return withFleet(session, (fleet) => planRestore(fleet, verb, options));
    },
  );
}

async function plan(session: Session, verb: Verb, options: PlanOptions): Promise<Answer> {
  refuseContradictions(options);
  const made = await makePlan(session, verb, options);
  if ('refusal' in made) return made.refusal;
  const commands = planCommands(session, verb, options);
  // A plan that must not be carried out is not kept.
  if (options.out === undefined || refusalOf(made.plan) !== undefined) {
    return planAnswer(made.plan, commands, undefined);
  }
  const path = resolve(session.io.cwd, options.out);
  await keepPlan(path, made.plan);
  const run = ['holdfast', 'restore', 'run', '--plan', path, ...flagsAgain(session, verb)];
  return planAnswer(made.plan, { ...commands, run }, path);
}

/** What a crash leaves of it is refused by its hash. */
async function keepPlan(path: string, made: RestorePlan): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST')
      throw new Failure('file-exists', 'a plan is never overwritten', { path }, { cause });
    throw new Failure('file-unwritable', cause.message, { path }, { cause });
  });
  try {
    await file.writeFile(`${JSON.stringify(made, null, 2)}\n`);
    await file.sync();
  } catch (cause) {
    await rm(path, { force: true });
    const isFull = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
    throw new Failure(
      isFull ? 'disk-full' : 'file-unwritable',
      (cause as Error).message,
      { path },
      { cause },
    );
  } finally {
    await file.close();
  }
}
