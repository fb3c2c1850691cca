import { Failure, formatBytes, formatDuration } from '@holdfast/base';
import {
  phases,
  pointOfNoReturn,
  runBy,
  type PlannedMember,
  type PlannedStep,
  type RestoreCheck,
  type RestoreLoss,
  type RestorePlan,
} from '@holdfast/model';
import type { Answer, View } from '../term/answer.ts';
import { commandLine } from '../term/quote.ts';
import { aligned, pairs, table } from '../term/table.ts';
import { ago, moment } from '../term/when.ts';
import { changesText } from './plan-changes.ts';

/** A way that is asked for by `--way`. */
type Way = RestorePlan['way'];

/** What leads on from a plan that is shown. */
export interface PlanCommands {
  /** The words that carry this plan out, or make it again and carry that out. */
  readonly run: readonly string[];
  /** Gives the words that plan the same in another way; undefined where nobody can tell what was asked for. */
  readonly inWay?: ((way: Way) => readonly string[]) | undefined;
}

/**
 * A plan before it is carried out. One with a check that failed will not be: it is shown, with the failure.
 *
 * @param file where the plan was written; undefined when it was only shown
 */
export function planAnswer(plan: RestorePlan, commands: PlanCommands, file: string | undefined): Answer {
  const failure = refusalOf(plan);
  const last = failure === undefined ? runWords(plan, commands.run, file) : `hash   ${plan.hash}\n`;
  return {
    json: { ...plan },
    names: [file ?? plan.id],
    text: (view) => `${planText(plan, view, commands.inWay)}\n${last}`,
    ...(failure !== undefined && { failure }),
  };
}

/** The checks that forbid to carry a plan out, as a failure; undefined when there are none. */
export function refusalOf({ checks, cluster }: RestorePlan): Failure | undefined {
  const failed = checks.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return undefined;
  const why = failed.map(({ id, what, detail }) => `${id} ${what}: ${detail}`).join('; ');
  const ids = failed.map(({ id }) => id).join(', ');
  return new Failure('restore-refused', why, { cluster: cluster.name, checks: ids });
}

function runWords(plan: RestorePlan, command: readonly string[], file: string | undefined): string {
  const what =
    file === undefined
      ? 'Nothing was touched. This looks again, and does what it then finds to be right (--out FILE keeps this very plan):'
      : `Nothing was touched. The plan is in ${file}. This does exactly what it says:`;
  return `hash   ${plan.hash}\n\n${what}\n  ${commandLine(command)}\n`;
}

/** A plan for somebody who has to decide at three in the morning: found, lost, done, and what cannot be undone. */
export function planText(plan: RestorePlan, view: View, inWay?: PlanCommands['inWay']): string {
  const title = (text: string): string => `${view.style('strong', text)}\n`;
  return [
    title(`Restore ${plan.id} of cluster ${plan.cluster.name}`) + `  ${plan.why}\n`,
    title('Found') + found(plan.members, view),
    ...(plan.controlPlane.length === 0 ? [] : [title('Control plane') + controlPlaneText(plan, view)]),
    title('The way') + pairs(wayPairs(plan, view), '  '),
    title('What is lost') + lost(plan.loss, view),
    ...((plan.otherWays?.length ?? 0) === 0 ? [] : [title('Other ways') + others(plan, view, inWay)]),
    ...((plan.scope ?? 'none') === 'none' ? [] : [title('What changes besides') + changesText(plan, view)]),
    title('Checked') + checksText(plan.checks, view),
    title(`What is done: ${plan.steps.length} steps, about ${formatDuration(plan.estimateMs)}`) +
      steps(plan.steps),
    title('What can be undone') + `  ${undoable(plan)}\n`,
  ].join('\n');
}

function found(members: readonly PlannedMember[], view: View): string {
  const rows = members.map((member) => {
    const { sight } = member;
    return [
      `  ${member.name}`,
      partWords(member),
      etcdWords(member),
      sight.data,
      sight.revision === null ? '-' : String(sight.revision),
      sight.writtenAt === null ? '-' : ago(sight.writtenAt, view.now),
      member.dataDir,
    ];
  });
  const remarks = members.flatMap((member) => [
    ...(member.sight.dataFault === '' ? [] : [`${member.name}: ${member.sight.dataFault}`]),
    ...(member.attested === undefined
      ? []
      : [
          `${member.name} is off, says ${member.attested.by}: ${member.attested.reason}. Nothing is done there: its data must be moved away before its etcd is ever started again`,
        ]),
  ]);
  const head = ['  MEMBER', 'PART', 'ETCD', 'DATA', 'REVISION', 'WRITTEN', 'DIRECTORY'];
  return table(head, rows) + remarks.map((remark) => `  ${view.style('doubtful', '!')} ${remark}\n`).join('');
}

/** What is stopped before etcd and started after it. */
function controlPlaneText({ controlPlane }: RestorePlan, view: View): string {
  const mark = view.style('doubtful', '!');
  const rows = controlPlane.map(({ name, component, running, urls, run }) => [
    `  ${name}`,
    component,
    running === null ? 'cannot be seen' : running ? 'runs' : 'stopped',
    urls.join(','),
    runBy(run),
  ]);
  const remarks = controlPlane.flatMap(({ name, running, detail = '', attested }) =>
    attested === undefined
      ? running === null && detail !== ''
        ? `  ${mark} ${name}: ${detail}\n`
        : []
      : `  ${mark} ${name} is off, says ${attested.by}: ${attested.reason}. Nothing is done there: start it after the restore, by hand\n`,
  );
  return table(['  NAME', 'COMPONENT', 'STATE', 'LISTENS', 'RUN BY'], rows) + remarks.join('');
}

function partWords({ role, attested }: PlannedMember): string {
  if (attested !== undefined) return 'former: off';
  return role === 'member' ? 'of the new cluster' : 'former: put aside';
}

function etcdWords({ sight }: PlannedMember): string {
  if (sight.running === null && !sight.answers) return 'cannot be seen';
  if (sight.answers) return sight.inQuorum ? 'in quorum' : 'runs, no quorum';
  return sight.running === true ? 'runs, no answer' : 'stopped';
}

function wayPairs(plan: RestorePlan, view: View): (readonly [string, string | undefined])[] {
  const { source, bump, expected, cluster } = plan;
  const from = {
    snapshot: 'from a snapshot',
    salvage: 'from the data of a member that survives',
    replace: 'members are replaced in the cluster that runs',
  }[plan.way];
  const strategy =
    plan.strategy === 'seed'
      ? `seed: ${plan.seed ?? 'one member'} starts alone, the others join it`
      : 'all: every member is built from it';
  return [
    ['way', `${plan.way}: ${from}`],
    ['source', sourceWords(plan)],
    ['run on', plan.staying?.map(({ name }) => name).join(', ')],
    ['taken', source.kind === 'snapshot' ? takenWords(source.takenAt, view) : undefined],
    ['sha256', source.kind === 'snapshot' ? source.sha256 : undefined],
    ['strategy', plan.way === 'replace' ? undefined : strategy],
    ['token', plan.token ?? undefined],
    ['revisions', plan.way === 'replace' ? undefined : bumpWords(bump)],
    ['cluster id', plan.way === 'replace' ? (cluster.oldId ?? undefined) : idWords(plan)],
    ['revision', expected.revision === null ? undefined : `${expected.revision} afterwards`],
    ['skipped', plan.skips.map(({ check, reason }) => `${check} (${reason})`).join(', ') || undefined],
    ['asked for', `by ${plan.by}, ${moment(plan.createdAt, view.utc)}`],
  ];
}

function sourceWords({ source }: RestorePlan): string {
  const size = formatBytes(source.size);
  if (source.kind === 'snapshot') return `${source.label}, ${size}, revision ${source.revision}`;
  if (source.kind === 'quorum') return `the quorum that runs, ${size}, revision ${source.revision}`;
  return `the data of ${source.member}, ${size}, revision ${source.revision} and what its log has beyond`;
}

function takenWords(at: string | null, view: View): string {
  return at === null
    ? 'not known: the file has no manifest'
    : `${moment(at, view.utc)} (${ago(at, view.now)})`;
}

function bumpWords(bump: RestorePlan['bump']): string {
  if (bump === null) return 'not moved: watchers may miss that time went back';
  return `moved on by ${bump.by}${bump.markCompacted ? ', the old ones marked compacted, so that every watcher is told' : ''}`;
}

function idWords({ expected, cluster }: RestorePlan): string | undefined {
  if (expected.clusterId === null)
    return cluster.oldId === null ? undefined : `a new one (${cluster.oldId} until now)`;
  return `${expected.clusterId}${cluster.oldId === null ? '' : ` (${cluster.oldId} until now)`}`;
}

const fates = {
  created: 'made since, will be gone',
  changed: 'changed since, will be as before',
  deleted: 'deleted since, will be back',
} as const;

function lost({ revisions, since, objects, why }: RestoreLoss, view: View): string {
  const isNothing = revisions === 0;
  const head = isNothing
    ? view.style('good', 'nothing')
    : [
        revisions === null ? 'how many revisions cannot be told' : revisionWords(revisions),
        ...(since === null
          ? []
          : [`every change since ${moment(since, view.utc)} (${ago(since, view.now)})`]),
      ].join(': ');
  const counts =
    objects === null
      ? isNothing
        ? ''
        : '  which objects that are cannot be told\n'
      : `  objects: ${objects.created} made, ${objects.changed} changed, ${objects.deleted} deleted since\n`;
  const examples = (objects?.examples ?? []).map(({ key, change }) => [`    ${key}`, fates[change]]);
  const all = objects === null ? 0 : objects.created + objects.changed + objects.deleted;
  const more = all > examples.length && examples.length > 0 ? `    and ${all - examples.length} more\n` : '';
  const reason = why === '' ? '' : `  ${why}\n`;
  return `  ${head}\n${isNothing && all === 0 ? '' : counts}${aligned(examples)}${more}${reason}`;
}

/** Each with what it would lose, so that whoever decides can compare, and with the command that plans it. */
function others({ otherWays = [] }: RestorePlan, view: View, inWay: PlanCommands['inWay']): string {
  return otherWays
    .map(({ way, of, why, revision, loss }) => {
      const isAsked = way !== 'objects' && way !== 'start';
      const flag = isAsked ? `--way ${way}` : way;
      const at = revision === null ? '' : ` at revision ${revision}`;
      const losing = loss === null ? '' : lost(withoutExamples(loss), view).replace(/^ {2}/, '  lost: ');
      const command = isAsked && inWay !== undefined ? `  ${commandLine(inWay(way))}\n` : '';
      return `  ${view.style('strong', flag)}  ${of}${at}; ${why}\n${`${losing}${command}`.replaceAll(/^(?=.)/gm, '  ')}`;
    })
    .join('');
}

function withoutExamples(loss: RestoreLoss): RestoreLoss {
  return { ...loss, objects: loss.objects && { ...loss.objects, examples: [] } };
}

/** `1 revision`, `200 revisions` */
export function revisionWords(count: number): string {
  return count === 1 ? '1 revision' : `${count} revisions`;
}

/** What passed in one line, everything else in full; with `-o wide` all in full. */
export function checksText(checks: readonly RestoreCheck[], view: View): string {
  if (checks.length === 0) return '  nothing yet\n';
  const tones = { passed: 'good', warned: 'doubtful', failed: 'bad', skipped: 'doubtful' } as const;
  const told = checks.filter(({ outcome }) => view.wide || outcome !== 'passed');
  const rows = told.map(({ id, what, outcome, detail, reason }) => [
    `  ${id}`,
    view.style(tones[outcome], outcome),
    what,
    reason === undefined ? detail : `${detail}; skipped because: ${reason}`,
  ]);
  const silent = checks.filter((check) => !told.includes(check)).map(({ id }) => id);
  const passed = silent.length === 0 ? '' : `  ${view.style('good', 'passed')}: ${silent.join(' ')}\n`;
  return aligned(rows) + passed;
}

function steps(all: readonly PlannedStep[]): string {
  return phases
    .flatMap((phase) => {
      const own = all.filter((step) => step.phase === phase);
      return own.length === 0
        ? []
        : [`  ${phase}\n${aligned(own.map((step, at) => row(step, own[at - 1])))}`];
    })
    .join('');
}

/** What a kind does is said once for all the members that it is done on in a row. */
function row(step: PlannedStep, before: PlannedStep | undefined): string[] {
  const isRepeat = before?.kind === step.kind;
  const does = `${step.does}${step.final ? ' (cannot be undone)' : ''}`;
  return [`  ${String(step.number).padStart(4)}`, step.kind, step.member ?? 'cluster', isRepeat ? '' : does];
}

function undoable({ steps: all, id }: RestorePlan): string {
  const last = pointOfNoReturn(all);
  if (last === undefined) {
    const serve = all.find(({ kind }) => kind === 'serve')?.number;
    const itself =
      serve === undefined
        ? 'Every step, which is done by itself when one fails.'
        : `Every step. That is done by itself when one before step ${serve} fails; from then on API servers may have written, and a person decides.`;
    return `${itself} Afterwards the old data stays until \`holdfast restore release ${id}\`; before that \`holdfast restore rollback ${id}\` brings it back.`;
  }
  return `All before step ${last.number} (${last.kind} ${last.member ?? 'cluster'}), which is done by itself when one of them fails. From step ${last.number} on there is only forward.`;
}
