import { Failure, formatBytes } from '@holdfast/base';
import type { ClusterStatus } from '@holdfast/engine';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { commandLine } from '../term/quote.ts';
import { table } from '../term/table.ts';
import { ago } from '../term/when.ts';
import { snapshotItem } from './snapshot.ts';

/** Words of a command line that commands on the same things need again. */
export interface WordsAgain {
  /** That name the repository which is read, and the way there. */
  readonly place: readonly string[];
  /** For `queue list`. */
  readonly queueList: readonly string[];
  /** For `queue run`. */
  readonly queueRun: readonly string[];
  /** The way to the repository of a name. */
  wayTo(name: string): readonly string[];
}

/**
 * Whether every cluster could be brought back; a failure (exit 3) when one could not, or not well.
 *
 * @param again the words of this command line that others need again
 */
export function statusAnswer(clusters: readonly ClusterStatus[], again: WordsAgain): Answer {
  const worrying = clusters.filter((each) => each.state !== 'ok');
  const why =
    clusters.length === 0
      ? 'the repository holds no cluster'
      : worrying.map((each) => `${each.cluster.name}: ${each.reasons.join('; ')}`).join('. ');
  return {
    json: { apiVersion, kind: 'RepositoryStatus', clusters: clusters.map(item) },
    names: clusters.map((each) => each.cluster.name),
    text: (view) => statusText(clusters, again, view),
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
    copies: status.copies,
    waiting: status.waiting,
  };
}

const columns = ['CLUSTER', 'STATE', 'LAST SNAPSHOT', 'VERIFIED', 'SNAPSHOTS', 'SIZE'];
const wideColumns = [...columns, 'REVISION', 'NEWEST', 'NEWEST VERIFIED'];

function statusText(clusters: readonly ClusterStatus[], again: WordsAgain, view: View): string {
  if (clusters.length === 0) return 'No cluster yet. `holdfast snapshot save` makes the first snapshot.\n';
  // Where one repository is asked, everything that is stored is in it.
  const several = clusters.some(({ copies }) => copies.wanted > 1);
  const heads = view.wide ? wideColumns : columns;
  const rows = table(
    several ? [...heads, 'COPIES'] : heads,
    clusters.map((each) => [...row(each, view), ...(several ? [copyWords(each, view)] : [])]),
  );
  return rows + clusters.flatMap((each) => worries(each, again, view)).join('');
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

function copyWords({ newest, copies: { stored, wanted } }: ClusterStatus, view: View): string {
  if (newest === null) return '-';
  return view.style(stored === wanted ? 'good' : 'doubtful', `${stored} of ${wanted}`);
}

/** What is wrong, and the command that mends it. */
function worries(status: ClusterStatus, again: WordsAgain, view: View): string[] {
  const { cluster, state, reasons } = status;
  if (state === 'ok') return [];
  const command = commandLine(['holdfast', ...mending(status, again)]);
  return [
    ...reasons.map((reason) => `  ${view.style('doubtful', '!')} ${cluster.name}: ${reason}\n`),
    `    run: ${command}\n`,
  ];
}

/**
 * What is only missing elsewhere is copied; what was never verified may be whole; records that cannot be read are doctor's;
 * all else needs a new save.
 */
function mending(status: ClusterStatus, again: WordsAgain): string[] {
  const { newest, damaged, cluster, copies, waiting } = status;
  const here = [...again.place, '--cluster', cluster.name];
  const isUnproven = newest?.state === 'stored' && newest.evidence.length === 0;
  const isSound =
    newest?.state === 'verified' && newest.trust.trusted && newest.manifest.quorum.state === 'healthy';
  if (isUnproven) return ['snapshot', 'verify', newest.name, ...here];
  if (isSound && waiting.unreadable.length > 0) return ['queue', 'list', ...again.queueList];
  if (isSound && waiting.count > 0) return ['queue', 'run', ...again.queueRun];
  const from = copies.places.find((each) => each.state === 'stored');
  const to = copies.places.find((each) => each.required && each.state === 'missing');
  if (isSound && from !== undefined && to !== undefined) {
    const words = ['snapshot', 'copy', newest.name, '--repo', from.name, '--to', to.name];
    return [...words, '--cluster', cluster.name, ...again.wayTo(from.name)];
  }
  return [...(isSound && damaged.length > 0 ? ['doctor'] : ['snapshot', 'save']), ...here];
}
