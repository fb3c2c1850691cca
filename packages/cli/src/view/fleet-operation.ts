import { formatDuration, type Failure } from '@holdfast/base';
import type { Operation, OperationState } from '@holdfast/model/fleet';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { aligned, pairs, table } from '../term/table.ts';
import { ago, moment } from '../term/when.ts';

type Names = ReadonlyMap<string, string>;

const tones = {
  waiting: 'doubtful',
  running: 'doubtful',
  stuck: 'bad',
  succeeded: 'good',
  partial: 'doubtful',
  failed: 'bad',
  cancelled: 'doubtful',
  'rolled-back': 'doubtful',
} as const satisfies Record<OperationState, string>;

/** How an operation stands, in its colour. */
function stateWord({ state }: Operation, { style }: View): string {
  return style(tones[state], state);
}

/** @param names of clusters, by id */
export function fleetOperationsAnswer(items: readonly Operation[], names: Names): Answer {
  return {
    json: { apiVersion, kind: 'OperationList', items },
    names: items.map(({ id }) => id),
    text: (view) => (items.length === 0 ? 'No operation yet.\n' : listText(items, names, view)),
  };
}

function listText(items: readonly Operation[], names: Names, view: View): string {
  const head = ['ID', 'KIND', 'CLUSTER', 'STATE', 'CREATED', 'TOOK', 'BY'];
  return table(
    view.wide ? [...head, 'POLICY', 'NODE', 'WHY'] : head,
    items.map((each) => [
      each.id,
      each.kind,
      names.get(each.cluster) ?? each.cluster,
      stateWord(each, view),
      ago(each.createdAt, view.now),
      tookWords(each, view),
      each.requestedBy,
      ...(view.wide ? [each.policy ?? '-', each.node ?? '-', each.why.split('\n')[0] || '-'] : []),
    ]),
  );
}

function tookWords({ startedAt, endedAt }: Operation, { now }: View): string {
  if (startedAt === null) return '-';
  const until = endedAt === null ? now.getTime() : Date.parse(endedAt);
  return formatDuration(Math.max(0, until - Date.parse(startedAt)));
}

/** One operation in full. @param failure that it has ended with */
export function fleetOperationAnswer(
  operation: Operation,
  cluster: string,
  failure: Failure | undefined,
): Answer {
  return {
    json: { apiVersion, kind: 'Operation', operation },
    names: [operation.id],
    text: (view) => operationText(operation, cluster, view),
    ...(failure !== undefined && { failure }),
  };
}

function operationText(operation: Operation, cluster: string, view: View): string {
  const { id, kind, phase, why, policy, node, approvals, approvalsNeeded, startedAt, endedAt } = operation;
  const when = (at: string | null): string | undefined => (at === null ? undefined : moment(at, view.utc));
  return `${view.style('strong', `Operation ${id}: ${kind} of cluster ${cluster}`)}\n${pairs(
    [
      ['state', stateWord(operation, view)],
      ['phase', phase ?? undefined],
      ['why', why === '' ? undefined : why],
      ['policy', policy ?? undefined],
      ['due', when(operation.scheduledFor)],
      [
        'asked for',
        `by ${operation.requestedBy} (${operation.trigger}), ${moment(operation.createdAt, view.utc)}`,
      ],
      [
        'allowed',
        approvalsNeeded === 0
          ? undefined
          : `${approvals.length} of ${approvalsNeeded}${approvals.map(({ by }) => `, by ${by}`).join('')}`,
      ],
      ['node', node ?? undefined],
      ['started', when(startedAt)],
      ['ended', when(endedAt)],
      ['took', startedAt === null ? undefined : tookWords(operation, view)],
      ...resultPairs(operation),
    ],
    '  ',
  )}${stepsText(operation, view)}`;
}

/** What came of it, as far as it is a word or two: the whole is in JSON. */
function resultPairs({ result }: Operation): (readonly [string, string | undefined])[] {
  const nodes = Array.isArray(result?.['nodes']) ? (result['nodes'] as { readonly name?: string }[]) : [];
  const told: Record<string, unknown> = { ...result, restarted: nodes.map(({ name }) => name) };
  return Object.entries(resultWords).flatMap(([name, word]) => {
    const value = told[name];
    const text = Array.isArray(value) ? value.join(', ') : value;
    return typeof text === 'string' && text !== '' ? [[word, text]] : [];
  });
}

const resultWords = {
  snapshot: 'snapshot',
  storedIn: 'stored in',
  note: 'note',
  outcome: 'outcome',
  restarted: 'restarted',
  notRestarted: 'not restarted',
};

function stepsText({ steps }: Operation, view: View): string {
  const marks = { pending: 'faint', begun: 'doubtful', done: 'good', undoing: 'doubtful' } as const;
  if (steps.length === 0) return '';
  const rows = steps.map(({ number, phase, kind, member, state }) => [
    `  ${String(number).padStart(2)}`,
    phase,
    kind,
    member ?? 'cluster',
    view.style(state in marks ? marks[state as keyof typeof marks] : 'doubtful', state),
  ]);
  return `${view.style('strong', 'Steps')}\n${aligned(rows)}`;
}
