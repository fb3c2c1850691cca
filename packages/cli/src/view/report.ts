import { Failure, formatBytes, formatDuration } from '@holdfast/base';
import type { RestoreReport } from '@holdfast/model';
import type { Answer, View } from '../term/answer.ts';
import { pairs } from '../term/table.ts';
import { moment } from '../term/when.ts';
import { hasServed, leftOff, needsHands } from './control-plane.ts';
import { nextText } from './next.ts';
import type { CommandFor, Operation } from './operation.ts';
import { checksText, revisionWords } from './plan.ts';

/**
 * What became of a restore.
 *
 * @param wanted the end that was asked for; another one is a failure, and so is the right one with warnings
 * @param operation where it stands now
 */
export function reportAnswer(
  report: RestoreReport,
  wanted: RestoreReport['outcome'],
  operation: Operation,
  commandFor: CommandFor,
): Answer {
  const failure = failureOf(report, wanted);
  return {
    json: { ...report },
    names: [report.id],
    text: (view) => reportText(report, operation, nextText(operation, commandFor), view),
    ...(failure !== undefined && { failure }),
  };
}

function failureOf(report: RestoreReport, wanted: RestoreReport['outcome']): Failure | undefined {
  const { id, outcome, why, warnings } = report;
  if (outcome === 'rolled-back' && wanted === 'finished') {
    return new Failure('restore-rolled-back', why, { id });
  }
  if (warnings.length === 0) return undefined;
  const code = outcome === 'finished' ? 'restore-unsound' : 'rollback-unsound';
  return new Failure(code, warnings.join('; '), { id });
}

function reportText(report: RestoreReport, operation: Operation, next: string, view: View): string {
  const isDone = report.outcome === 'finished';
  const word = isDone ? view.style('good', 'restored') : view.style('doubtful', 'put back');
  return [
    `${word} cluster ${report.cluster.name} in ${formatDuration(tookMs(report))}\n`,
    pairs(entries(report, operation, view), '  '),
    ...report.warnings.map((warning) => `  ${view.style('doubtful', '!')} ${warning}\n`),
    report.checks.length === 0 ? '' : `${view.style('strong', 'Checks')}\n${checksText(report.checks, view)}`,
    byHand(report, operation),
    next,
  ].join('');
}

/** Of one that went back, how long the way back was. */
function tookMs({ durationMs, backAt, endedAt }: RestoreReport): number {
  return backAt === null ? durationMs : Math.max(0, Date.parse(endedAt) - Date.parse(backAt));
}

function entries(
  report: RestoreReport,
  operation: Operation,
  view: View,
): (readonly [string, string | undefined])[] {
  const { source, cluster, hashKv, downtimeMs } = report;
  const from = {
    snapshot: source.kind === 'snapshot' ? source.label : '',
    salvage: source.kind === 'salvage' ? `the data of ${source.member}` : '',
    quorum: 'the quorum that ran',
  }[source.kind];
  const newId = cluster.newId ?? undefined;
  const before = cluster.oldId === null || cluster.oldId === newId ? '' : ` (${cluster.oldId} before)`;
  return [
    ['restore', report.id],
    ['why', report.why === '' ? undefined : report.why],
    ['from', `${from}, ${formatBytes(source.size)}, revision ${source.revision}`],
    ['sha256', report.sourceSha256 ?? undefined],
    ['cluster id', newId === undefined ? undefined : `${newId}${before}`],
    ['revision', report.revision === null ? undefined : String(report.revision)],
    [
      'hashkv',
      hashKv === null ? undefined : `${hashKv.hash} at revision ${hashKv.revision}, on every member`,
    ],
    ['lost', report.outcome === 'finished' ? lostWords(report) : undefined],
    ['etcd down', downtimeMs === null ? undefined : formatDuration(downtimeMs)],
    ['api down', report.apiDowntimeMs === null ? undefined : formatDuration(report.apiDowntimeMs)],
    ...outages(report, operation, view),
    ['ended', moment(report.endedAt, view.utc)],
    ['by', report.by],
    ...report.kept.map(({ member, path }) => [`kept`, `${path} of ${member}`] as const),
  ];
}

function lostWords({ loss }: RestoreReport): string {
  if (loss.revisions === 0) return 'nothing';
  const revisions =
    loss.revisions === null ? 'changes that cannot be counted' : revisionWords(loss.revisions);
  const { objects } = loss;
  if (objects === null) return revisions;
  return `${revisions}: ${objects.created} objects made, ${objects.changed} changed, ${objects.deleted} deleted since`;
}

/** Of each part of the control plane that was touched; of those that going back leaves off, that it does. */
function outages(
  { outcome, controlPlane }: RestoreReport,
  operation: Operation,
  view: View,
): (readonly [string, string])[] {
  const off = new Set(outcome === 'rolled-back' ? leftOff(operation) : []);
  return controlPlane
    .filter(({ name, downAt, readyAt }) => (downAt ?? readyAt) !== null || off.has(name))
    .map((each) => [each.name, off.has(each.name) ? offWords(each, view) : outageWords(each, view)]);
}

/** `down at …, ready at …`, as far as it went down and came back. */
function outageWords({ downAt, readyAt }: RestoreReport['controlPlane'][number], { utc }: View): string {
  const down = downAt === null ? 'did not run before' : `down at ${moment(downAt, utc)}`;
  return readyAt === null ? `${down}, not started` : `${down}, ready at ${moment(readyAt, utc)}`;
}

function offWords({ downAt }: RestoreReport['controlPlane'][number], { utc }: View): string {
  if (downAt === null) return 'did not run before the restore, not started';
  return `down at ${moment(downAt, utc)}, not started: it did not run before the restore`;
}

/** What Holdfast could not do itself. Who has not seen the restored data needs nothing when the old is back. */
function byHand({ outcome }: RestoreReport, operation: Operation): string {
  if (!needsHands(operation.plan) || (outcome === 'rolled-back' && !hasServed(operation))) return '';
  return 'Restart what talks to this etcd by hand: every kube-apiserver first, then controllers and schedulers.\n';
}
