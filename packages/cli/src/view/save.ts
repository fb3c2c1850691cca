import { Failure, formatBytes, formatDuration } from '@holdfast/base';
import type { DestinationResult, SaveReport } from '@holdfast/engine';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { withNext } from '../failure/with-next.ts';
import { commandLine } from '../term/quote.ts';
import { pairs } from '../term/table.ts';
import { verificationFailure } from './evidence.ts';
import { snapshotItem, stateWords } from './snapshot.ts';

/** The commands on the queue as they can be pasted. */
interface QueueCommands {
  readonly list: readonly string[];
  readonly run: readonly string[];
}

/** What a save came to; a failure when it is not proven in full, or missing where it has to be. */
export function saveAnswer(report: SaveReport, queue: QueueCommands): Answer {
  const { snapshot, storedMs, durationMs, destinations } = report;
  const { manifest } = snapshot;
  const evidence = snapshot.evidence.at(-1);
  const failure = partlyStored(report, queue) ?? (evidence && verificationFailure(evidence));
  return {
    json: {
      apiVersion,
      kind: 'SavedSnapshot',
      ...snapshotItem(snapshot),
      chosen: manifest.member,
      doubts: manifest.quorum.reasons,
      hashKv: manifest.hashKv,
      evidence: evidence ?? null,
      storedMs: Math.round(storedMs),
      durationMs: Math.round(durationMs),
      destinations: destinations.map(destinationItem),
      warnings: report.warnings,
    },
    names: [snapshot.name],
    text: (view) => saveText(report, view),
    ...(failure && { failure }),
  };
}

function partlyStored(
  { snapshot: { name }, destinations }: SaveReport,
  queue: QueueCommands,
): Failure | undefined {
  const required = destinations.filter((each) => each.required);
  const failed = required.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return undefined;
  const why = failed.map((each) => `${each.name}: ${whyOf(each)}`).join('; ');
  const [stored, wanted] = [required.length - failed.length, required.length];
  const failure = new Failure('partly-stored', why, { name, stored, wanted });
  const next = failure.next
    .replace('holdfast queue list', commandLine(queue.list))
    .replace('holdfast queue run', commandLine(queue.run));
  return withNext(failure, next);
}

function destinationItem({ name, required, outcome, snapshot, failure, queued }: DestinationResult) {
  return {
    name,
    required,
    outcome,
    state: snapshot?.state ?? null,
    path: snapshot?.path ?? null,
    failure: failure && { code: failure.code, what: failure.message, why: failure.why },
    queued,
  };
}

function saveText({ snapshot, storedMs, durationMs, destinations }: SaveReport, view: View): string {
  const { member, content, revision, hashKv, hashKvMissing, quorum } = snapshot.manifest;
  const checked = snapshot.evidence.length > 0 ? `, checked in ${formatDuration(durationMs - storedMs)}` : '';
  const [only, ...others] = destinations;
  const isOne = others.length === 0 && only?.outcome === 'stored';
  return `${view.style('good', 'saved')} ${snapshot.name} of cluster ${snapshot.cluster.name}\n${pairs(
    [
      ['state', stateWords(snapshot, view.style)],
      ['revision', String(revision)],
      ['size', formatBytes(content.size)],
      ['time', `stored in ${formatDuration(storedMs)}${checked}`],
      ['member', `${member.name} at ${member.endpoint}: ${member.why}`],
      ['doubts', quorum.reasons.length === 0 ? undefined : quorum.reasons.join('; ')],
      ['sha256', content.sha256],
      [
        'hashkv',
        hashKv === null ? `not known: ${hashKvMissing ?? 'the member gave none'}` : String(hashKv.hash),
      ],
      ['file', isOne ? snapshot.path : undefined],
      ['companions', companionsWords(snapshot, destinations)],
      ...(isOne ? [] : destinations.map((each) => ['in', destinationWords(each, view)] as const)),
    ],
    '  ',
  )}`;
}

/** What a restore needs beside the snapshot: where it is not kept, somebody has to know. */
function companionsWords(first: SaveReport['snapshot'], destinations: readonly DestinationResult[]): string {
  const all = destinations.flatMap(({ name, snapshot }) => (snapshot === null ? [] : [{ name, snapshot }]));
  const keeping = all.filter(({ snapshot }) => snapshot.manifest.companions !== null);
  const companions = keeping[0]?.snapshot.manifest.companions ?? first.manifest.companions;
  if (companions !== null) {
    const { length } = companions.files;
    const where = keeping.length < all.length ? ` in ${keeping.map(({ name }) => name).join(' and ')}` : '';
    return `${length} file${length === 1 ? '' : 's'} of ${companions.node}, sealed${where}`;
  }
  const isSealed = [first, ...all.map(({ snapshot }) => snapshot)].some(
    ({ manifest }) => manifest.recipients.length > 0,
  );
  return isSealed ? 'none are kept' : 'none are kept, since nothing is sealed there';
}

function destinationWords(each: DestinationResult, view: View): string {
  const { name, outcome, snapshot, required, queued } = each;
  if (snapshot !== null) return `${name}: ${stateWords(snapshot, view.style)}, ${snapshot.path}`;
  if (outcome === 'dropped') return `${name}: removed, as it is stored elsewhere`;
  const later = queued ? '; it waits in the queue' : '';
  const how = required ? view.style('bad', 'failed') : view.style('doubtful', 'failed (best effort)');
  return `${name}: ${how}: ${whyOf(each)}${later}`;
}

function whyOf({ failure }: DestinationResult): string {
  return failure === null ? 'it was not tried' : `${failure.message}: ${failure.why}`;
}
