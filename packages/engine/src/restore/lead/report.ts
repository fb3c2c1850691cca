import {
  HashKv,
  operationState,
  RestoreCheck,
  type JournalRecord,
  type OperationState,
  type PlannedStep,
  type RestorePlan,
  type RestoreReport,
  type StepKind,
} from '@holdfast/model';
import { selfHash } from '../../self-hash.ts';
import { apiOutage } from './api-outage.ts';
import { foundBy } from './step-order.ts';

/** What became of a restore that is over, by its plan and its journal. */
export function restoreReport(plan: RestorePlan, records: readonly JournalRecord[]): RestoreReport {
  const state = operationState(plan.steps, records);
  const isFinished = state.outcome === 'finished';
  const startedAt = records[0]?.at ?? plan.createdAt;
  const last = records.findLast(({ event }) => event === 'finished' || event === 'rolled-back');
  const endedAt = last?.at ?? startedAt;
  const checks = checksOf(plan, state);
  const report = {
    apiVersion: 'holdfast.dev/v1',
    kind: 'RestoreReport',
    id: plan.id,
    holdfast: plan.holdfast,
    planHash: plan.hash,
    way: plan.way,
    strategy: plan.strategy,
    ...(plan.scope !== undefined && { scope: plan.scope }),
    ...(plan.changes !== undefined && { changes: plan.changes }),
    source: plan.source,
    sourceSha256: sourceHash(plan, state),
    loss: plan.loss,
    outcome: isFinished ? 'finished' : 'rolled-back',
    why: isFinished ? '' : state.why,
    warnings: [
      ...ranAgain(plan, records),
      ...(isFinished ? warningsOf(plan, state, checks) : undoneWarnings(records)),
    ],
    by: plan.by,
    takenBy: takenBy(records),
    startedAt,
    endedAt,
    durationMs: between(startedAt, endedAt),
    backAt: isFinished ? null : (records.findLast(({ event }) => event === 'back')?.at ?? null),
    downtimeMs: downtime(plan, records, state),
    ...apiOutage(plan, records, state),
    ...restored(plan, checks, isFinished),
    steps: plan.steps.map((step) => reportedStep(step, state, records)),
    checks,
    skips: plan.skips,
    kept: keptPaths(plan, state, records, isFinished),
  } as const satisfies Omit<RestoreReport, 'hash'>;
  return { ...report, hash: selfHash(report) };
}

function reportedStep(
  step: PlannedStep,
  state: OperationState,
  records: readonly JournalRecord[],
): RestoreReport['steps'][number] {
  const { number, phase, kind, member, estimateMs } = step;
  const own = records.filter((record) => record.step === number);
  return {
    number,
    phase,
    kind,
    member,
    state: state.steps[number - 1] ?? 'pending',
    attempts: own.filter(({ event }) => event === 'begin').length,
    durationMs: took(own, 'begin', 'done'),
    estimateMs,
    undoneMs: took(own, 'undo', 'undone'),
    evidence: state.evidence.get(number) ?? {},
  };
}

/** Milliseconds from the last `first` before `end` to it. */
function took(
  own: readonly JournalRecord[],
  first: JournalRecord['event'],
  end: JournalRecord['event'],
): number | null {
  const ended = own.findLast(({ event }) => event === end);
  const began = ended && own.findLast(({ event, n }) => event === first && n < ended.n);
  return began === undefined ? null : between(began.at, ended!.at);
}

/**
 * From the first stop until the new cluster agrees, or the old one is back; null where nothing was stopped. Of a restore
 * that was undone after it had finished, what the undoing took.
 */
function downtime(
  plan: RestorePlan,
  records: readonly JournalRecord[],
  { outcome, wasFinished }: OperationState,
): number | null {
  const isOf = (record: JournalRecord, event: JournalRecord['event'], kind: StepKind): boolean =>
    record.event === event && plan.steps[(record.step ?? 0) - 1]?.kind === kind;
  const from = records.find((record) =>
    wasFinished ? isOf(record, 'undo', 'start') : isOf(record, 'begin', 'stop'),
  );
  const to = records.findLast((record) =>
    outcome === 'finished' ? isOf(record, 'done', 'agree') : isOf(record, 'undone', 'stop'),
  );
  return from === undefined || to === undefined ? null : between(from.at, to.at);
}

function between(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}

function takenBy(records: readonly JournalRecord[]): RestoreReport['takenBy'] {
  return records.flatMap(({ event, at, evidence }) => {
    const { by, pid, host } = evidence ?? {};
    if (event !== 'taken' || typeof pid !== 'number') return [];
    return [{ at, by: String(by), pid, host: String(host) }];
  });
}

/** What the steps have checked: in the end only what still holds, of steps that are done. */
function checksOf(plan: RestorePlan, state: OperationState): RestoreCheck[] {
  return plan.steps.flatMap(({ number }) => {
    const { data } = RestoreCheck.array().safeParse(state.evidence.get(number)?.['checks']);
    return data ?? [];
  });
}

/** What ran again of the control plane though it was stopped, each as often as it did. */
function ranAgain({ steps }: RestorePlan, records: readonly JournalRecord[]): string[] {
  return records.flatMap(({ event, step, evidence }) => {
    const again = event === 'begin' && steps[(step ?? 0) - 1]?.kind === 'halt' && evidence?.['warning'];
    return typeof again === 'string' ? [again] : [];
  });
}

/** What the undos could not put back as it was. */
function undoneWarnings(records: readonly JournalRecord[]): string[] {
  return records.flatMap(({ event, evidence }) => {
    const warning = event === 'undone' ? evidence?.['warning'] : undefined;
    return typeof warning === 'string' ? [warning] : [];
  });
}

function warningsOf(plan: RestorePlan, state: OperationState, checks: readonly RestoreCheck[]): string[] {
  const left = plan.steps.flatMap(({ number }) => {
    const warning = state.evidence.get(number)?.['warning'];
    return typeof warning === 'string' ? [warning] : [];
  });
  const failed = checks.filter(({ id, outcome }) => id.startsWith('Q') && outcome === 'failed');
  const open = (plan.changes ?? []).filter(({ applies, kind }) => !applies && kind === 'version');
  return [
    ...left,
    ...open.map(({ at, what, to, why }) => `${what} of ${at} was not brought back to ${to}: ${why}`),
    ...failed.map(({ id, what, detail }) => `${id} ${what}: ${detail}`),
  ];
}

function restored(
  { cluster, expected, way }: RestorePlan,
  checks: readonly RestoreCheck[],
  isFinished: boolean,
): Pick<RestoreReport, 'cluster' | 'revision' | 'hashKv'> {
  const { name, oldId } = cluster;
  if (!isFinished) return { cluster: { name, oldId, newId: null }, revision: null, hashKv: null };
  const { clusterId, revision, members } = checks.find(({ id }) => id === 'Q1')?.evidence ?? {};
  const hashes = (Array.isArray(members) ? members : []).map(
    (member: { hashKv?: unknown } | null) => HashKv.safeParse(member?.hashKv).data,
  );
  const hashKv = hashes.find((each) => each !== undefined);
  const newId = typeof clusterId === 'string' ? clusterId : way === 'replace' ? oldId : expected.clusterId;
  return {
    cluster: { name, oldId, newId },
    revision: typeof revision === 'number' ? revision : null,
    hashKv: hashKv === undefined ? null : { revision: hashKv.revision, hash: hashKv.hash },
  };
}

function sourceHash(plan: RestorePlan, state: OperationState): string | null {
  const { source } = plan;
  if (source.kind === 'snapshot') return source.sha256;
  if (source.kind === 'quorum') return null;
  const sha256 = foundBy(plan, state, 'salvage', source.member)?.['sha256'];
  return typeof sha256 === 'string' ? sha256 : null;
}

/** Finished: the old data. Rolled back: what the new cluster had taken in, where it was put aside. */
function keptPaths(
  plan: RestorePlan,
  state: OperationState,
  records: readonly JournalRecord[],
  isFinished: boolean,
): RestoreReport['kept'] {
  const names = isFinished ? ['kept', 'keptLog'] : ['undone', 'undoneLog'];
  const all = plan.steps.flatMap(({ number, kind, member }) => {
    const undone = records.findLast(({ event, step }) => event === 'undone' && step === number);
    const evidence = isFinished ? state.evidence.get(number) : undone?.evidence;
    if (member === null || (isFinished && kind !== 'keep')) return [];
    const paths = names.map((name) => evidence?.[name]);
    return paths.flatMap((path) => (typeof path === 'string' ? [{ member, path }] : []));
  });
  return all.filter(({ path }, i) => all.findIndex((other) => other.path === path) === i);
}
