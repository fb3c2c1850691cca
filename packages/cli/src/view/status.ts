import { Failure, formatBytes } from '@holdfast/base';
import type { ClusterStatus } from '@holdfast/engine';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { commandLine } from '../term/quote.ts';
import { table } from '../term/table.ts';
import { ago } from '../term/when.ts';
import { snapshotItem } from './snapshot.ts';

/** Whether every cluster could be brought back; a failure (exit 3) when one could not, or not well. */
export function statusAnswer(clusters: readonly ClusterStatus[], location: string): Answer {
  const worrying = clusters.filter((each) => each.state !== 'ok');
  const why =
    clusters.length === 0
      ? 'the repository holds no cluster'
      : worrying.map((each) => `${each.cluster.name}: ${each.reasons.join('; ')}`).join('. ');
  return {
    json: { apiVersion, kind: 'RepositoryStatus', clusters: clusters.map(item) },
    names: clusters.map((each) => each.cluster.name),
    text: (view) => statusText(clusters, location, view),
    ...((clusters.length === 0 || worrying.length > 0) && { failure: new Failure('attention-needed', why) }),
  };
}

function item(status: ClusterStatus) {
  const { cluster, newest, newestVerified, damaged, unfinished } = status;
  return {
    cluster: cluster.name,
    clusterId: cluster.id,
    state: status.state,
    reasons: status.reasons,
    newest: newest && snapshotItem(newest),
    newestVerified: newestVerified && snapshotItem(newestVerified),
    counts: status.counts,
    bytes: status.bytes,
    unreadable: damaged.map(({ path, failure }) => ({ path, code: failure.code, why: failure.why })),
    unfinished: unfinished.map(({ name, size, busy }) => ({ name, size, busy })),
  };
}

const columns = ['CLUSTER', 'STATE', 'LAST SNAPSHOT', 'VERIFIED', 'SNAPSHOTS', 'SIZE'];
const wideColumns = [...columns, 'REVISION', 'NEWEST', 'NEWEST VERIFIED'];

function statusText(clusters: readonly ClusterStatus[], location: string, view: View): string {
  if (clusters.length === 0) return 'No cluster yet. `holdfast snapshot save` makes the first snapshot.\n';
  const rows = table(
    view.wide ? wideColumns : columns,
    clusters.map((each) => row(each, view)),
  );
  return rows + clusters.flatMap((each) => worries(each, location, view)).join('');
}

function row({ cluster, state, newest, newestVerified, counts, bytes }: ClusterStatus, view: View): string[] {
  const when = (entry: ClusterStatus['newest']): string =>
    entry === null ? '-' : ago(entry.manifest.times.finishedAt, view.now);
  const tone = { ok: 'good', attention: 'doubtful', none: 'bad' } as const;
  return [
    cluster.name,
    view.style(tone[state], state),
    when(newest),
    when(newestVerified),
    String(counts.stored + counts.verified + counts.damaged),
    formatBytes(bytes),
    ...(view.wide
      ? [
          newest === null ? '-' : String(newest.manifest.revision),
          newest?.name ?? '-',
          newestVerified?.name ?? '-',
        ]
      : []),
  ];
}

/** What is wrong, and the command that mends it. */
function worries(status: ClusterStatus, location: string, view: View): string[] {
  const { cluster, state, reasons } = status;
  if (state === 'ok') return [];
  const command = commandLine([
    'holdfast',
    ...mending(status),
    '--repo',
    location,
    '--cluster',
    cluster.name,
  ]);
  return [
    ...reasons.map((reason) => `  ${view.style('doubtful', '!')} ${cluster.name}: ${reason}\n`),
    `    run: ${command}\n`,
  ];
}

/** What was never verified may be whole; records that cannot be read are doctor's; all else needs a new save. */
function mending({ newest, damaged }: ClusterStatus): string[] {
  if (newest?.state === 'stored' && newest.evidence.length === 0) return ['snapshot', 'verify', newest.name];
  const isSound = newest?.state === 'verified' && newest.manifest.quorum.state === 'healthy';
  return isSound && damaged.length > 0 ? ['doctor'] : ['snapshot', 'save'];
}
