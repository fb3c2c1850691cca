import { Failure, isFailure } from '@holdfast/base';
import type { ForeignPlace, ForeignScan, ForeignSnapshot } from '@holdfast/engine';
import { clusterNamePattern } from '@holdfast/model';
import { withRepository } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openBeside, openForeign, placeWord, scanOf } from '../sources/foreign.ts';
import { wayFlags } from '../sources/places.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import {
  foreignItem,
  foreignSections,
  foreignState,
  foreignTable,
  labelsOf,
  type ForeignRow,
  type SeenForeign,
} from '../view/foreign.ts';
import { importsAnswer, type ImportResult } from '../view/foreign-import.ts';

interface AdoptOptions {
  readonly verify?: true;
  readonly import?: readonly string[];
}

export function addAdopt(parent: Verb): void {
  const verb = parent.command('adopt');
  verb
    .description('Look at what other systems left in a folder or a bucket, and bring it in.')
    .argument('<place>', 'a folder, or s3://bucket/folder')
    .option('--verify', 'read every snapshot in full and prove it')
    .option('--import <names...>', 'bring these into --repo: names or paths, or all that can be restored')
    .example('What is here?', 'holdfast adopt /opt/rke/etcd-snapshots')
    .example('Is it sound? Reads everything', 'holdfast adopt s3://backups/prod --verify')
    .example(
      'Bring all of it in',
      'holdfast adopt /opt/rke/etcd-snapshots --import all --repo /backup --cluster prod',
    )
    .remark(
      'Recognised by content, not by name. Nothing there is ever written or removed, and no archive is unpacked to a disk; archives that lead outside, expand without end or hold links are refused. Only a data directory is copied, while it is read, into a folder below TMPDIR (or /var/tmp) that is for this user alone: its etcd has to replay its log. A repository of Holdfast in the place is told and not looked into. STATE is unread until --verify: only heads and the files beside a snapshot were looked at. Then it is sound or damaged; unusable means that no etcd of today can be started from it. Exit 3 means that something is damaged, unusable or was passed over.',
    )
    .remark(
      'An import verifies first, refuses what is damaged, and leaves out what the repository has already. Its cluster is --cluster, or the one of the same Kubernetes in the repository. `holdfast restore plan` and `restore run` take what was imported; `restore datadir --from` takes one where it lies.',
    )
    .answers(adopt);
  withRepository(verb);
}

async function adopt(session: Session, options: AdoptOptions, given: string): Promise<Answer> {
  const place = await openForeign(session, given);
  const scan = await scanOf(session, place);
  if (options.import !== undefined) return await importAll(session, place, scan, options.import);
  const { missingForRestore } = await import('@holdfast/engine');
  const from = placeWord(session, given);
  const label = labelsOf(scan.snapshots);
  const rows: ForeignRow[] = [];
  for (const snapshot of scan.snapshots.toReversed()) {
    const seen = options.verify === true ? await seenInFull(session, place, snapshot) : unread;
    const missing = missingForRestore(snapshot);
    rows.push(withNext(session, from, { snapshot, label: label(snapshot), seen, missing }));
  }
  return adoptAnswer(place, scan, rows);
}

const unread: SeenForeign = { verified: false };

/** What the place says of one snapshot is about that one: the others are read all the same. */
async function seenInFull(
  session: Session,
  place: ForeignPlace,
  snapshot: ForeignSnapshot,
): Promise<SeenForeign> {
  if (!snapshot.restorable) return unread;
  const { verifyForeign } = await import('@holdfast/engine');
  try {
    return { verified: true, damage: (await verifyForeign(session.context, place, snapshot)).damage };
  } catch (error) {
    if (!isFailure(error) || !isOfSnapshot(error)) throw error;
    return { verified: true, damage: error.why };
  }
}

function isOfSnapshot({ code }: Failure): boolean {
  return ['archive-damaged', 'archive-refused', 'foreign-unusable', 'file-unreadable'].includes(code);
}

/** The command that brings it in, with words in capitals where its user has to say something. */
function withNext(session: Session, from: string, row: ForeignRow): ForeignRow {
  const state = foreignState(row);
  if (state === 'unusable' || state === 'damaged') return row;
  const { snapshot } = row;
  const { repo, cluster } = session.settings;
  const hint =
    snapshot.cluster !== null && clusterNamePattern.test(snapshot.cluster) ? snapshot.cluster : 'NAME';
  const next = [
    ...['holdfast', 'snapshot', 'import', row.label],
    ...['--from', from, ...wayFlags(session, from)],
    ...['--repo', repo?.[0] ?? 'REPO', '--cluster', cluster ?? hint],
  ];
  return { ...row, next };
}

function adoptAnswer(place: ForeignPlace, scan: ForeignScan, rows: readonly ForeignRow[]): Answer {
  const { location } = place;
  const bad = rows.filter((row) => ['damaged', 'unusable'].includes(foreignState(row))).length;
  const over = scan.passedOver.length;
  const doubts = [
    ...(bad === 0 ? [] : [`${bad} of ${rows.length} snapshots cannot be restored`]),
    ...(over === 0 ? [] : [`${over} ${over === 1 ? 'entry was' : 'entries were'} passed over`]),
  ];
  return {
    json: {
      ...{ apiVersion, kind: 'ForeignSnapshots', location },
      items: rows.map(foreignItem),
      unknown: scan.unknown.map(({ path, size, modifiedAt }) => ({ path, size, modifiedAt })),
      repositories: scan.repositories.map((folder) => placeOf(location, folder)),
      passedOver: scan.passedOver,
    },
    names: rows.map(({ label }) => label),
    text: (view) => adoptText(location, scan, rows, view),
    ...(doubts.length > 0 && { failure: new Failure('adopt-doubts', doubts.join('; '), { location }) }),
  };
}

function adoptText(location: string, scan: ForeignScan, rows: readonly ForeignRow[], view: View): string {
  const own = scan.repositories.map((folder) => placeOf(location, folder));
  const sections = foreignSections(rows, scan, own);
  if (rows.length === 0) return `No snapshot of a known kind is in ${location}.\n${sections}`;
  return `${rows.length} ${rows.length === 1 ? 'snapshot' : 'snapshots'} in ${location}\n\n${foreignTable(rows, view)}${sections}`;
}

function placeOf(location: string, folder: string): string {
  return folder === '' ? location : `${location}/${folder}`;
}

/** One after another; what fails is told, and the next one is tried. */
async function importAll(
  session: Session,
  place: ForeignPlace,
  scan: ForeignScan,
  names: readonly string[],
): Promise<Answer> {
  const { chooseForeign, importSnapshot } = await import('@holdfast/engine');
  const repository = await openBeside(session);
  const wanted = names.includes('all')
    ? scan.snapshots.filter(({ restorable }) => restorable)
    : names.map((name) => chooseForeign(scan, name, place.location));
  const results: ImportResult[] = [];
  for (const snapshot of wanted) {
    try {
      const options = { place, snapshot, cluster: session.settings.cluster };
      results.push({ snapshot, imported: await importSnapshot(session.context, repository, options) });
    } catch (error) {
      if (session.io.signal.aborted || !isFailure(error)) throw error;
      results.push({ snapshot, failure: error });
    }
  }
  return importsAnswer(results, {
    location: place.location,
    to: repository.location,
    label: labelsOf(scan.snapshots),
  });
}
