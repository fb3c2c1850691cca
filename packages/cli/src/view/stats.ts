import { formatBytes } from '@holdfast/base';
import type { ClusterStats, RepositoryStats } from '@holdfast/engine';
import type { Repository } from '@holdfast/repository';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { aligned, table } from '../term/table.ts';
import { ago } from '../term/when.ts';

/** What a repository holds. */
export function statsAnswer(repository: Repository, stats: RepositoryStats): Answer {
  return {
    json: {
      apiVersion,
      kind: 'RepositoryStats',
      repository: repository.location,
      id: repository.record.id,
      snapshots: stats.snapshots,
      logicalBytes: stats.logical,
      storedBytes: stats.stored,
      ratio: ratioOf(stats),
      unfinishedBytes: stats.unfinished,
      unreadable: stats.unreadable,
      clusters: stats.clusters.map((each) => ({
        cluster: each.cluster.name,
        clusterId: each.cluster.id,
        snapshots: each.snapshots,
        logicalBytes: each.logical,
        storedBytes: each.stored,
        ratio: ratioOf(each),
        oldest: each.oldest,
        newest: each.newest,
        months: each.months.map(({ month, snapshots, logical, stored }) => ({
          month,
          snapshots,
          logicalBytes: logical,
          storedBytes: stored,
        })),
        forecast: each.forecast,
      })),
      duplicates: stats.duplicates,
    },
    names: stats.clusters.map(({ cluster }) => cluster.name),
    text: (view) => statsText(stats, view),
  };
}

type Bytes = Pick<RepositoryStats, 'logical' | 'stored'>;

/** How many bytes of etcd one stored byte stands for. */
function ratioOf({ logical, stored }: Bytes): number | null {
  return stored === 0 ? null : Math.round((logical / stored) * 100) / 100;
}

function ratioText(of: Bytes): string {
  const ratio = ratioOf(of);
  return ratio === null ? '-' : `${ratio} : 1`;
}

function statsText(stats: RepositoryStats, view: View): string {
  if (stats.snapshots === 0) return 'No snapshots yet. `holdfast snapshot save` makes the first.\n';
  const rows = stats.clusters.map((each) => [
    each.cluster.name,
    String(each.snapshots),
    formatBytes(each.logical),
    formatBytes(each.stored),
    ratioText(each),
    ago(each.oldest, view.now),
    ago(each.newest, view.now),
    forecastText(each),
  ]);
  const head = ['CLUSTER', 'SNAPSHOTS', 'LOGICAL', 'STORED', 'RATIO', 'OLDEST', 'NEWEST', 'IN 30 DAYS'];
  const { snapshots, logical, stored } = stats;
  const all = [
    'all',
    String(snapshots),
    formatBytes(logical),
    formatBytes(stored),
    ratioText(stats),
    '',
    '',
    '',
  ];
  return [
    table(head, stats.clusters.length > 1 ? [...rows, all] : rows),
    view.wide ? monthsText(stats) : '',
    ...stats.duplicates.map(
      ({ size, names }) => `The same content, ${formatBytes(size)}: ${names.join(', ')}\n`,
    ),
    stats.unfinished === 0 ? '' : `Unfinished: ${formatBytes(stats.unfinished)}\n`,
  ].join('');
}

function forecastText({ forecast }: ClusterStats): string {
  if (forecast === null) return '-';
  return `${formatBytes(Math.max(0, forecast.in30Days))} (from ${forecast.fromDays} days)`;
}

function monthsText({ clusters }: RepositoryStats): string {
  const rows = clusters.flatMap(({ cluster, months }) =>
    months.map(({ month, snapshots, stored }) => [
      `  ${month}`,
      cluster.name,
      `${snapshots} snapshots`,
      formatBytes(stored),
    ]),
  );
  return `By month:\n${aligned(rows)}`;
}
