import { formatBytes, formatDuration } from '@holdfast/base';
import type { RestoreDatadirReport } from '@holdfast/engine';
import { apiVersion, type Answer } from '../term/answer.ts';
import { commandLine } from '../term/quote.ts';
import { pairs } from '../term/table.ts';

/** Another member of the same cluster, and the words of the command that restores it. */
export interface OtherMember {
  readonly name: string;
  readonly words: readonly string[];
}

/** `--initial-advertise-peer-urls` as a list; the engine checks each. */
export function peerUrls(text: string): string[] {
  return text.split(',').map((url) => url.trim());
}

/** What became of a restore, and what to do next. */
export function restoreAnswer(report: RestoreDatadirReport, others: readonly OtherMember[]): Answer {
  const { member, cluster, dataDir, source, revision, durationMs } = report;
  return {
    json: {
      apiVersion,
      kind: 'RestoredDatadir',
      ...report,
      durationMs: Math.round(durationMs),
      otherMembers: others.map((other) => ({ name: other.name, command: commandLine(other.words) })),
    },
    names: [dataDir],
    text: ({ style }) =>
      [
        `${style('good', 'restored')} ${member.name} to ${dataDir} in ${formatDuration(durationMs)}\n${pairs(
          [
            ['from', `${source.label}, ${formatBytes(source.size)}`],
            ['of', source.cluster === null ? undefined : clusterWords(source.cluster)],
            ['sha256', source.sha256],
            ['member', member.id],
            ['cluster', `${cluster.id}, token ${cluster.token}`],
            ['revision', revisionWords(revision)],
          ],
          '  ',
        )}`,
        ...others.map((other) => `On the host of ${other.name}:\n  ${commandLine(other.words)}\n`),
        `Then start etcd with ${commandLine(startFlags(report))} and its usual flags${others.length === 0 ? '' : ', and the other members in the same way, each with its own --name'}.\n`,
      ].join('\n'),
  };
}

/** The cluster that a snapshot is of, so that nobody takes another one's for it. */
function clusterWords({
  name,
  etcdId,
  kubernetesUid,
}: NonNullable<RestoreDatadirReport['source']['cluster']>): string {
  const kubernetes = kubernetesUid === null ? '' : `, Kubernetes ${kubernetesUid}`;
  return `cluster ${name}${etcdId === null ? '' : `, etcd ${etcdId}`}${kubernetes}`;
}

function startFlags({ member, dataDir, walDir }: RestoreDatadirReport): string[] {
  const flags = ['--name', member.name, '--data-dir', dataDir];
  return walDir === null ? flags : [...flags, '--wal-dir', walDir];
}

function revisionWords({ snapshot, restored }: RestoreDatadirReport['revision']): string {
  if (snapshot === restored) return `${snapshot}, not moved: watchers may miss that time went back`;
  return `${snapshot} in the snapshot, moved to ${restored} so that every watcher is told`;
}
