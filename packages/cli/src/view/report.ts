import { Failure, formatBytes, formatDuration } from '@holdfast/base';
import type { RestoreReport } from '@holdfast/model';
import type { Answer, View } from '../term/answer.ts';
import { commandLine } from '../term/quote.ts';
import { pairs } from '../term/table.ts';
import { moment } from '../term/when.ts';
import type { CommandFor } from './operation.ts';
import { checksText, revisionWords } from './plan.ts';

/**
 * What became of a restore.
 *
 * @param wanted the end that was asked for; another one is a failure, and so is a restore with warnings
 */
export function reportAnswer(
  report: RestoreReport,
  wanted: RestoreReport['outcome'],
  commandFor: CommandFor,
): Answer {
  const failure = failureOf(report, wanted);
  return {
    json: { ...report },
    names: [report.id],
    text: (view) => reportText(report, commandFor, view),
    ...(failure !== undefined && { failure }),
  };
}

function failureOf(report: RestoreReport, wanted: RestoreReport['outcome']): Failure | undefined {
  const { id, outcome, why, warnings } = report;
  if (outcome === 'rolled-back') {
    return wanted === 'rolled-back' ? undefined : new Failure('restore-rolled-back', why, { id });
  }
  return warnings.length === 0 ? undefined : new Failure('restore-unsound', warnings.join('; '), { id });
}

function reportText(report: RestoreReport, commandFor: CommandFor, view: View): string {
  const isDone = report.outcome === 'finished';
  const word = isDone ? view.style('good', 'restored') : view.style('doubtful', 'put back');
  return [
    `${word} cluster ${report.cluster.name} in ${formatDuration(report.durationMs)}\n`,
    pairs(entries(report, view), '  '),
    ...report.warnings.map((warning) => `  ${view.style('doubtful', '!')} ${warning}\n`),
    report.checks.length === 0 ? '' : `${view.style('strong', 'Checks')}\n${checksText(report.checks, view)}`,
    afterwards(report, commandFor),
  ].join('');
}

function entries(report: RestoreReport, view: View): (readonly [string, string | undefined])[] {
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
    ['down', downtimeMs === null ? undefined : formatDuration(downtimeMs)],
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

/** What is left to do, as commands. */
function afterwards({ outcome, kept, id }: RestoreReport, commandFor: CommandFor): string {
  const command = (verb: string): string => `  ${commandLine(commandFor(verb, id))}\n`;
  if (outcome === 'rolled-back') {
    return kept.length === 0
      ? ''
      : `What was put aside is deleted, when it is needed no more, by\n${command('release')}`;
  }
  const services =
    'Restart what talks to this etcd: every kube-apiserver first, then controllers, schedulers and kubelets.\n';
  if (kept.length === 0) return services;
  return `${services}The old data comes back by\n${command('rollback')}and is deleted, when it is needed no more, by\n${command('release')}`;
}
