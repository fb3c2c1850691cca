import { formatBytes } from '@holdfast/base';
import type { ForeignScan, ForeignSnapshot } from '@holdfast/engine';
import type { View } from '../term/answer.ts';
import { commandLine } from '../term/quote.ts';
import { table } from '../term/table.ts';
import { ago } from '../term/when.ts';

/** What a verification in full found, or that there was none. `damage`: why it is not to be restored from. */
export type SeenForeign =
  | { readonly verified: false }
  | { readonly verified: true; readonly damage: string | null };

/** One row of a report: a snapshot, what was found of it, and the words of the command that brings it in. */
export interface ForeignRow {
  readonly snapshot: ForeignSnapshot;
  /** Its name, or its path where others have the same name: what a command takes it by. */
  readonly label: string;
  readonly seen: SeenForeign;
  /** What a restore of its cluster needs beside it and does not find there, a phrase each. */
  readonly missing: readonly string[];
  /** Absent where there is nothing to be done with it. */
  readonly next?: readonly string[];
}

/**
 * How far it can be relied on. `unread`: its heads speak for it, and nobody has read the rest. `unusable`: its heads, or
 * its archive, tell already that no etcd of today can be started from it.
 */
export type ForeignState = 'unread' | 'sound' | 'damaged' | 'unusable';

/** What each snapshot of a place is called, so that no two are called alike, and none as another one's path or as a selector. */
export function labelsOf(snapshots: readonly ForeignSnapshot[]): (snapshot: ForeignSnapshot) => string {
  const counts = new Map<string, number>();
  for (const { name } of snapshots) counts.set(name, (counts.get(name) ?? 0) + 1);
  const taken = new Set([
    'latest',
    'all',
    ...snapshots.filter(({ name, path }) => name !== path).map(({ path }) => path),
  ]);
  return ({ name, path }) => (counts.get(name) === 1 && !taken.has(name) ? name : path);
}

/** The state of a row. */
export function foreignState({ snapshot, seen }: ForeignRow): ForeignState {
  if (!snapshot.restorable) return 'unusable';
  if (!seen.verified) return 'unread';
  return seen.damage === null ? 'sound' : 'damaged';
}

/** A row for machines. */
export function foreignItem(row: ForeignRow) {
  const { name, system, path, form, entry, size, takenAt, takenAtFrom, node, cluster } = row.snapshot;
  const { trigger, companions, restorable, notes } = row.snapshot;
  return {
    ...{ name, system, path, form, entry: entry ?? null, size },
    ...{ takenAt: takenAt.toISOString(), takenAtFrom, node, cluster, trigger, restorable },
    state: foreignState(row),
    damage: row.seen.verified ? row.seen.damage : null,
    companions,
    missing: row.missing,
    notes,
    next: row.next === undefined ? null : commandLine(row.next),
  };
}

const columns = ['NAME', 'SYSTEM', 'TAKEN', 'SIZE', 'CLUSTER', 'NODE', 'STATE'] as const;
const wideColumns = [...columns, 'FORM', 'KIND', 'WITH', 'PATH'] as const;

/** The rows for people, newest first; the command that brings one in stands last. */
export function foreignTable(rows: readonly ForeignRow[], view: View): string {
  const isNext = rows.some(({ next }) => next !== undefined);
  const head = [...(view.wide ? wideColumns : columns), ...(isNext ? ['NEXT'] : [])];
  return table(
    head,
    rows.map((row) => [
      ...cells(row, view),
      ...(isNext ? [row.next === undefined ? '-' : commandLine(row.next)] : []),
    ]),
  );
}

const tones = { unread: 'doubtful', sound: 'good', damaged: 'bad', unusable: 'bad' } as const;

function cells(row: ForeignRow, view: View): string[] {
  const { system, takenAt, size, cluster, node, form, trigger, companions, path } = row.snapshot;
  const state = foreignState(row);
  return [
    ...[
      row.label,
      system,
      ago(takenAt.toISOString(), view.now),
      formatBytes(size),
      cluster ?? '-',
      node ?? '-',
    ],
    view.style(tones[state], state),
    ...(view.wide ? [form, trigger ?? '-', companions.map(({ what }) => what).join(',') || '-', path] : []),
  ];
}

/** Lines of a section of the text that are printed; JSON has all. */
const mostLines = 20;

/** What else there is to be said of a scan, a section each. @param own where Holdfast's own repositories are */
export function foreignSections(
  rows: readonly ForeignRow[],
  scan: ForeignScan,
  own: readonly string[],
): string {
  return [
    section(
      'Needed for a restore of the cluster, and not there',
      shared(rows, ({ missing }) => missing).map(([what, names]) => `${what}: for ${few(names)}`),
    ),
    section(
      'Of the snapshots',
      shared(rows, remarks).map(([what, names]) => `${few(names)}: ${what}`),
    ),
    section(
      'Of Holdfast itself, and not looked into',
      own.map((each) => `${each} is a repository, or a part of one: \`holdfast snapshot list\` shows it`),
    ),
    section(
      'Not recognised',
      scan.unknown.map(({ path, size }) => `${path} (${formatBytes(size)})`),
    ),
    section(
      'Passed over',
      scan.passedOver.map(({ path, why }) => `${harmless(path)}: ${why}`),
    ),
  ].join('');
}

function remarks({ snapshot, seen }: ForeignRow): string[] {
  const damage = seen.verified && seen.damage !== null ? [`It is damaged: ${seen.damage}.`] : [];
  return [...damage, ...snapshot.notes];
}

/** What is said of several is said once, with the names of all of them. */
function shared(
  rows: readonly ForeignRow[],
  sentences: (row: ForeignRow) => readonly string[],
): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const row of rows) {
    for (const sentence of sentences(row)) found.set(sentence, [...(found.get(sentence) ?? []), row.label]);
  }
  return [...found];
}

/** A name that was passed over for what it would do to a screen: no colours either, and nothing turned round. */
function harmless(name: string): string {
  return name.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '\uFFFD');
}

function section(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const shown = lines.length <= mostLines ? lines : lines.slice(0, mostLines - 1);
  const more = lines.length - shown.length;
  const rest = more === 0 ? [] : [`and ${more} more; -o json names them`];
  return `\n${title}\n${[...shown, ...rest].map((line) => `  ${line}\n`).join('')}`;
}

function few(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
