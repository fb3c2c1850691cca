import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import { Option } from 'commander';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import type { FleetRequestOptions } from '../remote/restore-request.ts';
import type { Answer } from '../term/answer.ts';
import { planForEyes } from '../view/plan-for-eyes.ts';
import { planAnswer, refusalOf } from '../view/plan.ts';
import { flagsAgain } from './restore-again.ts';
import { confirmCluster, requireConfirmable, type ConfirmOptions } from './restore-confirm.ts';
import { lead } from './restore-lead.ts';
import { makePlan, planCommands, type Made } from './restore-made.ts';
import {
  withConfirm,
  requestOnly,
  requestTakes,
  withRequest,
  type RequestOptions,
} from './restore-options.ts';
import { restorePorts } from './restore-ports.ts';
import { refuseContradictions } from './restore-request.ts';

interface RunOptions extends RequestOptions, ConfirmOptions {
  readonly plan?: string;
  readonly dryRun?: true;
}

/** What a plan has settled already. */
const settled = [
  'clusterFile',
  'way',
  'snapshot',
  'file',
  'survivor',
  'replace',
  'members',
  'strategy',
  'seed',
  'initialClusterToken',
  'bump',
  'bumpRevision',
  'attestOff',
  'skip',
  'reason',
  'clone',
  'scope',
  'restartNodes',
];

export function addRun(parent: Verb): void {
  const verb = parent.command('run');
  verb
    .description(
      'Bring a cluster back. Every step is journalled and undone when one fails; old data is kept.',
    )
    .addOption(
      new Option(
        '--plan <file>',
        'exactly this plan of `restore plan --out`; with --server its operation',
      ).conflicts(settled),
    )
    .option('--dry-run', 'make the plan by the same code, print it, and do nothing')
    .example('With a question', 'holdfast restore run --cluster-file prod.yaml --repo /backup')
    .example('Exactly a plan that was read', 'holdfast restore run --plan plan.json --repo /backup')
    .example(
      'In a script',
      'holdfast restore run --cluster-file prod.yaml --repo /backup --way snapshot \\\n      --snapshot latest --confirm prod',
    )
    .example(
      'Of a server, which is followed step by step; Ctrl-C ends the following alone',
      'holdfast restore run --server https://holdfast.example:9443 --cluster prod',
    )
    .remark(
      'Ctrl-C stops between two safe points and prints how to go on or back; a second one stops at once, and that can be resumed as well. A step that fails has everything undone by itself, but not once an API server was started again, which may have written: then the restore waits for a person. The old data stays beside the new until `restore release`.',
    );
  withRequest(withConfirm(verb)).answers(async (session, options: RunOptions) => run(session, verb, options));
  overServer(
    verb,
    { takes: [...requestTakes, 'plan', 'dryRun', 'confirm'], only: requestOnly },
    async (session, options: FleetRequestOptions & Pick<RunOptions, 'plan' | 'dryRun' | 'confirm'>) => {
      const { runRestore } = await import('../remote/restores.ts');
      return withFleet(session, (fleet) => runRestore(fleet, verb, options));
    },
  );
}

async function run(session: Session, verb: Verb, options: RunOptions): Promise<Answer> {
  refuseContradictions(options);
  if (options.dryRun !== true) requireConfirmable(session, options);
  const made = await planOf(session, verb, options);
  if ('refusal' in made) return made.refusal;
  const { plan, ports } = made;
  if (options.dryRun === true) {
    const path = options.plan === undefined ? undefined : resolve(session.io.cwd, options.plan);
    const commands =
      path === undefined
        ? planCommands(session, verb, options)
        : { run: ['holdfast', 'restore', 'run', '--plan', path, ...flagsAgain(session, verb)] };
    return planAnswer(plan, commands, path);
  }
  const refusal = refusalOf(plan);
  if (refusal !== undefined) throw refusal;
  await confirmCluster(session, options, planForEyes(session, verb, plan), plan.cluster.name);
  const { runRestore } = await import('@holdfast/engine');
  return lead(session, verb, { plan, ports, wanted: 'finished' }, (options) =>
    runRestore(session.context, { ...options, plan }),
  );
}

async function planOf(session: Session, verb: Verb, options: RunOptions): Promise<Made> {
  if (options.plan === undefined) return await makePlan(session, verb, options);
  const path = resolve(session.io.cwd, options.plan);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
  const { readPlan } = await import('@holdfast/engine');
  return { plan: readPlan(text), ports: await restorePorts(session) };
}
