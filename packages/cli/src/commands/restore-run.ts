import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { RestorePlan, StepKind } from '@holdfast/model';
import { Option } from 'commander';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { styleFor } from '../term/style.ts';
import { planAnswer, planText, refusalOf } from '../view/plan.ts';
import { flagsAgain } from './restore-again.ts';
import { confirmCluster, requireConfirmable, type ConfirmOptions } from './restore-confirm.ts';
import { lead } from './restore-lead.ts';
import { makePlan, planCommands, type Made } from './restore-made.ts';
import { withConfirm, withRequest, type RequestOptions } from './restore-options.ts';
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
];

export function addRun(parent: Verb): void {
  const verb = parent.command('run');
  verb
    .description(
      'Bring a cluster back. Every step is journalled and undone when one fails; old data is kept.',
    )
    .addOption(new Option('--plan <file>', 'exactly this plan of `restore plan --out`').conflicts(settled))
    .option('--dry-run', 'make the plan by the same code, print it, and do nothing')
    .example('With a question', 'holdfast restore run --cluster-file prod.yaml --repo /backup')
    .example('Exactly a plan that was read', 'holdfast restore run --plan plan.json --repo /backup')
    .example(
      'In a script',
      'holdfast restore run --cluster-file prod.yaml --repo /backup --way snapshot \\\n      --snapshot latest --confirm prod',
    )
    .remark(
      'Ctrl-C stops between two safe points and prints how to go on or back; a second one stops at once, and that can be resumed as well. A step that fails has everything undone by itself, but not once an API server was started again, which may have written: then the restore waits for a person. The old data stays beside the new until `restore release`.',
    );
  withRequest(withConfirm(verb)).answers(async (session, options: RunOptions) => run(session, verb, options));
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
  await confirmCluster(session, options, question(session, verb, plan), plan.cluster.name);
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

/** The whole plan, since whoever types the name answers for it. */
function question({ io, settings }: Session, verb: Verb, plan: RestorePlan): string {
  const style = styleFor(io.stderr, io.env, verb.optsWithGlobals<{ color?: boolean }>().color !== false);
  const text = planText(plan, { wide: false, utc: settings.utc, style, now: io.clock.now() });
  const of = (wanted: StepKind): string =>
    plan.steps.flatMap(({ kind, member }) => (kind === wanted ? [member ?? ''] : [])).join(', ');
  const halted = of('halt');
  const first = halted === '' ? '' : `${halted}, then `;
  return `${text}\nThis stops ${first}etcd on ${of('stop')} and puts its data aside. Nothing was touched yet.`;
}
