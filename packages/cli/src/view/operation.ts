import { formatDuration } from '@holdfast/base';
import {
  phases,
  type JournalRecord,
  type OperationState,
  type PlannedStep,
  type RestorePlan,
  type RestoreReport,
} from '@holdfast/model';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { commandLine } from '../term/quote.ts';
import { aligned, pairs, table } from '../term/table.ts';
import { ago, moment } from '../term/when.ts';
import { nextOf, nextText } from './next.ts';

/** A restore as its journal tells it. */
export interface Operation {
  readonly plan: RestorePlan;
  readonly state: OperationState;
  readonly records: readonly JournalRecord[];
  readonly report?: RestoreReport;
  /** Whether a process is at it now. */
  readonly running: boolean;
  /** The id of a later restore of the cluster that stands on what this one has made. */
  readonly later?: string;
}

/** Gives the words of a command on a restore, e.g. of `resume`. */
export type CommandFor = (verb: string, id: string) => readonly string[];

/** Every restore, newest first, and what those that stand still wait for. */
export function operationsAnswer(operations: readonly Operation[], commandFor: CommandFor): Answer {
  return {
    json: {
      apiVersion,
      kind: 'RestoreList',
      items: operations.map((each) => operationItem(each, commandFor)),
    },
    names: operations.map(({ plan }) => plan.id),
    text: (view) => (operations.length === 0 ? 'No restore yet.\n' : listText(operations, commandFor, view)),
  };
}

function listText(operations: readonly Operation[], commandFor: CommandFor, view: View): string {
  const rows = operations.map((each) => {
    const { plan, state } = each;
    return [
      plan.id,
      plan.cluster.name,
      ago(plan.createdAt, view.now),
      plan.way,
      stateWords(each, view),
      state.phase,
      `${doneSteps(state)}/${plan.steps.length}`,
      ...(view.wide ? [plan.by, plan.source.kind === 'snapshot' ? plan.source.label : plan.source.kind] : []),
    ];
  });
  const head = ['ID', 'CLUSTER', 'PLANNED', 'WAY', 'STATE', 'PHASE', 'STEPS'];
  const waiting = operations.filter((each) => each.state.outcome === undefined && !each.running);
  const hints = waiting.map(
    ({ plan }) =>
      `  ${view.style('doubtful', '!')} ${plan.id} is not over: ${commandLine(commandFor('status', plan.id))}\n`,
  );
  return table(view.wide ? [...head, 'BY', 'SOURCE'] : head, rows) + hints.join('');
}

/** One restore: where it stands, every step, and what can be done next. */
export function operationAnswer(operation: Operation, commandFor: CommandFor): Answer {
  return {
    json: {
      apiVersion,
      kind: 'RestoreOperation',
      ...operationItem(operation, commandFor),
      plan: operation.plan,
      records: operation.records,
      report: operation.report ?? null,
    },
    names: [operation.plan.id],
    text: (view) => operationText(operation, commandFor, view),
  };
}

function operationItem(operation: Operation, commandFor: CommandFor) {
  const { plan, state, running } = operation;
  return {
    id: plan.id,
    cluster: plan.cluster.name,
    way: plan.way,
    strategy: plan.strategy,
    createdAt: plan.createdAt,
    by: plan.by,
    running,
    phase: state.phase,
    direction: state.direction,
    outcome: state.outcome ?? null,
    stuck: state.stuck,
    released: state.released,
    why: state.why,
    nextStep: state.next?.number ?? null,
    steps: plan.steps.map(({ number, phase, kind, member }, at) => ({
      number,
      phase,
      kind,
      member,
      state: state.steps[at] ?? 'pending',
      evidence: state.evidence.get(number) ?? null,
    })),
    next: nextOf(operation).map(({ what, verb, id }) => ({
      what,
      command: commandLine(commandFor(verb, id)),
    })),
  };
}

/** Where a restore stands, in a word or two. */
function stateWords({ state, running }: Operation, { style }: View): string {
  const back = state.direction === 'back';
  if (running) return style('doubtful', back ? 'running, undoing' : 'running');
  if (state.stuck) return style('bad', 'stuck');
  if (state.outcome === undefined) return style('doubtful', back ? 'interrupted, undoing' : 'interrupted');
  const kept = state.released ? ', released' : '';
  return style(state.outcome === 'finished' ? 'good' : 'doubtful', state.outcome) + kept;
}

function operationText(operation: Operation, commandFor: CommandFor, view: View): string {
  const { plan, state, report } = operation;
  const next = nextText(operation, commandFor);
  return [
    `${view.style('strong', `Restore ${plan.id} of cluster ${plan.cluster.name}`)}\n${pairs(
      [
        ['state', stateWords(operation, view)],
        ['phase', state.phase],
        ['why', state.why === '' ? undefined : state.why],
        ['plan', `${plan.way}, ${plan.strategy}: ${plan.why}`],
        ['planned', `${moment(plan.createdAt, view.utc)} (${ago(plan.createdAt, view.now)}) by ${plan.by}`],
        ['took', report === undefined ? undefined : formatDuration(report.durationMs)],
        ['hash', plan.hash],
      ],
      '  ',
    )}`,
    ...(report?.warnings ?? []).map((warning) => `  ${view.style('doubtful', '!')} ${warning}\n`),
    ...phases.flatMap((phase) => phaseText(phase, operation, view)),
    next === '' ? '' : `\n${next}`,
  ].join('');
}

function phaseText(phase: string, { plan, state, records }: Operation, view: View): string[] {
  const steps = plan.steps.filter((step) => step.phase === phase);
  if (steps.length === 0) return [];
  const tones = {
    pending: 'faint',
    begun: 'doubtful',
    done: 'good',
    undoing: 'doubtful',
    undone: 'doubtful',
  } as const;
  const rows = steps.map((step) => {
    const own = state.steps[step.number - 1] ?? 'pending';
    const mark = step === state.next ? '>' : ' ';
    return [
      `  ${mark} ${String(step.number).padStart(2)}`,
      step.kind,
      step.member ?? 'cluster',
      view.style(tones[own], own),
      tookWords(step, records),
    ];
  });
  return [`\n${view.style('strong', phase)}\n${aligned(rows)}`];
}

/** How long the last attempt that was done took, or why the last one failed. */
function tookWords(step: PlannedStep, records: readonly JournalRecord[]): string {
  const own = records.filter((record) => record.step === step.number);
  const end = own.findLast(({ event }) => event === 'done' || event === 'failed' || event === 'stuck');
  if (end === undefined) return '';
  const said = end.evidence?.['why'];
  if (end.event !== 'done') return typeof said === 'string' ? said : end.event;
  const begin = own.findLast(({ event, n }) => event === 'begin' && n < end.n);
  return begin === undefined ? '' : formatDuration(Date.parse(end.at) - Date.parse(begin.at));
}

function doneSteps({ steps }: OperationState): number {
  return steps.filter((step) => step === 'done').length;
}
