import { Failure, formatBytes, formatDuration } from '@holdfast/base';
import type { ForeignPlace, ForeignSnapshot, ForeignVerification } from '@holdfast/engine';
import type { Session } from '../session.ts';
import { chosenForeign, openForeign, scanOf } from '../sources/foreign.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { pairs, table } from '../term/table.ts';
import { ago, moment } from '../term/when.ts';
import { foreignItem, foreignTable, labelsOf, type ForeignRow } from '../view/foreign.ts';

/** `snapshot list --from`: the snapshots that others left, newest first. @throws as openForeign and scanOf */
export async function listForeign(session: Session, from: string): Promise<Answer> {
  const { missingForRestore } = await import('@holdfast/engine');
  const place = await openForeign(session, from);
  const { snapshots } = await scanOf(session, place);
  const label = labelsOf(snapshots);
  const rows = snapshots.toReversed().map((snapshot): ForeignRow => {
    return {
      snapshot,
      label: label(snapshot),
      seen: { verified: false },
      missing: missingForRestore(snapshot),
    };
  });
  const { location } = place;
  return {
    json: { apiVersion, kind: 'ForeignSnapshotList', location, items: rows.map(foreignItem) },
    names: rows.map((row) => row.label),
    text: (view) =>
      rows.length === 0
        ? `No snapshot of a known kind is in ${location}; \`holdfast adopt\` tells what is.\n`
        : foreignTable(rows, view),
  };
}

/** `snapshot show --from`: all that is known of one without reading it in full. @throws as chosenForeign */
export async function showForeign(session: Session, from: string, selector: string): Promise<Answer> {
  const { missingForRestore } = await import('@holdfast/engine');
  const { place, snapshot } = await chosenForeign(session, from, selector);
  const missing = missingForRestore(snapshot);
  const row: ForeignRow = { snapshot, label: snapshot.name, seen: { verified: false }, missing };
  return {
    json: { apiVersion, kind: 'ForeignSnapshot', location: place.location, ...foreignItem(row) },
    names: [snapshot.name],
    text: (view) => showText(place.location, row, view),
  };
}

const takenFrom = {
  sidecar: 'as the file beside it says',
  name: 'as its name says',
  file: 'as the time of the file says',
} as const;

function showText(location: string, { snapshot, missing }: ForeignRow, view: View): string {
  const { name, system, path, form, entry, size, takenAt, takenAtFrom, node, cluster } = snapshot;
  const at = takenAt.toISOString();
  return pairs([
    ['name', view.style('strong', name)],
    ['system', system],
    ['path', `${location}/${path}`],
    ['form', entry === undefined ? form : `${form}, the database is ${entry}`],
    ['size', `${formatBytes(size)} (${size} bytes)`],
    ['taken', `${moment(at, view.utc)}, ${ago(at, view.now)}, ${takenFrom[takenAtFrom]}`],
    ['kind', snapshot.trigger ?? undefined],
    ['cluster', cluster ?? undefined],
    ['node', node ?? undefined],
    ...snapshot.companions.map(({ what, path: file }) => ['with', `${what}: ${file}`] as const),
    ['restore', snapshot.restorable ? 'possible, as far as its heads tell' : 'not possible'],
    ...missing.map((each) => ['missing', each] as const),
    ...snapshot.notes.map((each) => ['note', each] as const),
  ]);
}

/** `snapshot verify --from`: one that others left, read in full; nothing is written. @throws as verifyForeign */
export async function verifyForeignIn(session: Session, from: string, selector: string): Promise<Answer> {
  const { place, snapshot } = await chosenForeign(session, from, selector);
  const { verifyForeign } = await import('@holdfast/engine');
  const found = await verifyForeign(session.context, place, snapshot);
  const { at, durationMs, contentSha256, fileSha256, checks, status, notes, damage } = found;
  return {
    json: {
      ...{ apiVersion, kind: 'ForeignVerification', location: place.location },
      ...{ name: snapshot.name, path: snapshot.path, system: snapshot.system, at: at.toISOString() },
      ...{ durationMs: Math.round(durationMs), outcome: damage === null ? 'sound' : 'damaged', damage },
      ...{ contentSha256, fileSha256, checks, status, notes: [...snapshot.notes, ...notes] },
    },
    names: [snapshot.name],
    text: (view) => verifyText(found, view),
    ...(damage !== null && { failure: damaged(place, snapshot, damage) }),
  };
}

function damaged({ location }: ForeignPlace, { name }: ForeignSnapshot, why: string): Failure {
  return new Failure('foreign-damaged', why, { name, location });
}

function verifyText(
  { snapshot, checks, notes, damage, durationMs }: ForeignVerification,
  view: View,
): string {
  const tones = { passed: 'good', failed: 'bad', skipped: 'doubtful' } as const;
  const words = { passed: 'ok', failed: 'failed', skipped: 'skipped' } as const;
  const verdict =
    damage === null
      ? `${view.style('good', 'sound')}, as far as a file can tell without the member that it came from`
      : `${view.style('bad', 'damaged')}: do not restore from it`;
  const rows = checks.map((each) => [
    `  ${each.check}`,
    view.style(tones[each.outcome], words[each.outcome]),
    each.detail,
  ]);
  const said = [...snapshot.notes, ...notes].map((note) => `  ${note}\n`);
  return `${snapshot.name}: ${verdict}, in ${formatDuration(durationMs)}\n${table(['  CHECK', 'RESULT', 'FOUND'], rows)}${said.join('')}`;
}
