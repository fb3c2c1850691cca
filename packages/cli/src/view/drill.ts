import { Failure, formatBytes, formatDuration } from '@holdfast/base';
import type { DrillReport } from '@holdfast/model';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { table } from '../term/table.ts';
import { moment } from '../term/when.ts';

const tones = { passed: 'good', failed: 'bad', skipped: 'doubtful' } as const;

/** One drill; a failure (exit 4) when the snapshot could not be brought back. */
export function drillAnswer(report: DrillReport): Answer {
  const { snapshot, failed } = report;
  return {
    json: report,
    names: [snapshot.name],
    text: (view) => drillText(report, view),
    ...(failed && {
      failure: new Failure('drill-failed', `${failed.check}: ${failed.reason}`, {
        name: snapshot.name,
        check: failed.check,
      }),
    }),
  };
}

/** Every drill, newest first, each with how its time to recover differs from that of the one before. */
export function drillsAnswer(drills: readonly DrillReport[]): Answer {
  const newestFirst = drills.map((each, i) => ({ each, change: changeOf(drills, i) })).toReversed();
  return {
    json: {
      apiVersion,
      kind: 'DrillList',
      items: newestFirst.map(({ each, change }) => ({ ...each, changeMs: change ?? null })),
    },
    names: newestFirst.map(({ each }) => each.snapshot.name),
    text: (view) =>
      newestFirst.length === 0
        ? 'No drills yet. `holdfast drill run` makes the first.\n'
        : table(
            ['TIME', 'CLUSTER', 'SNAPSHOT', 'OUTCOME', 'TIME TO RECOVER', 'CHANGE'],
            newestFirst.map(({ each, change }) => row(each, change, view)),
          ),
  };
}

function drillText({ snapshot, etcd, at, outcome, checks, times }: DrillReport, view: View): string {
  const server = etcd === null ? 'no etcd' : `etcd ${etcd}`;
  const head = `${view.style(tones[outcome], outcome)} ${snapshot.name}, ${formatBytes(snapshot.size)} at revision ${snapshot.revision}, with ${server} at ${moment(at, view.utc)}\n`;
  const found = table(
    ['  CHECK', 'RESULT', 'FOUND'],
    checks.map((each) => [
      `  ${each.check}`,
      view.style(tones[each.outcome], each.outcome === 'passed' ? 'ok' : each.outcome),
      each.detail,
    ]),
  );
  const { totalMs, restoreMs, startMs, questionsMs } = times;
  if (totalMs === null || restoreMs === null || startMs === null || questionsMs === null) return head + found;
  return `${head}${found}Time to recover: ${formatDuration(totalMs)} (restore ${formatDuration(restoreMs)}, start ${formatDuration(startMs)}, questions ${formatDuration(questionsMs)})\n`;
}

function row(report: DrillReport, change: number | undefined, view: View): string[] {
  const { at, snapshot, outcome, failed, times } = report;
  return [
    moment(at, view.utc),
    snapshot.cluster.name,
    snapshot.name,
    view.style(tones[outcome], failed === null ? outcome : `${outcome}: ${failed.check}`),
    times.totalMs === null ? '-' : formatDuration(times.totalMs),
    change === undefined ? '-' : signed(change),
  ];
}

/** Milliseconds more than in the drill before it of the same cluster; undefined where either did not come to its end. */
function changeOf(drills: readonly DrillReport[], i: number): number | undefined {
  const { snapshot, times } = drills[i]!;
  const before = drills
    .slice(0, i)
    .findLast((each) => each.snapshot.cluster.id === snapshot.cluster.id && each.times.totalMs !== null);
  if (times.totalMs === null || before?.times.totalMs == null) return undefined;
  return times.totalMs - before.times.totalMs;
}

function signed(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${formatDuration(Math.abs(ms))}`;
}
