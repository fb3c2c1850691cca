import { Failure, formatBytes } from '@holdfast/base';
import type { ForeignSnapshot, SnapshotImport } from '@holdfast/engine';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { pairs, table } from '../term/table.ts';
import { moment } from '../term/when.ts';
import { snapshotItem, stateWords } from './snapshot.ts';

/** What became of one of several imports. */
export type ImportResult = { readonly snapshot: ForeignSnapshot } & (
  | { readonly imported: SnapshotImport }
  | { readonly failure: Failure }
);

/** One import. */
export function importAnswer(from: ForeignSnapshot, imported: SnapshotImport, to: string): Answer {
  const { snapshot, outcome, notes } = imported;
  return {
    json: {
      ...{ apiVersion, kind: 'ImportedSnapshot', ...snapshotItem(snapshot), to, outcome, notes },
      imported: snapshot.manifest.imported,
    },
    names: [snapshot.name],
    text: (view) => importText(from, imported, to, view),
  };
}

function importText(
  from: ForeignSnapshot,
  { snapshot, outcome, notes }: SnapshotImport,
  to: string,
  view: View,
): string {
  const { manifest } = snapshot;
  const word = outcome === 'there' ? 'is there already:' : 'imported';
  return `${view.style('good', word)} ${snapshot.name} of cluster ${snapshot.cluster.name}\n${pairs(
    [
      ['from', `${from.system}, ${from.path}`],
      ['to', to],
      ['taken', moment(manifest.times.finishedAt, view.utc)],
      ['revision', String(manifest.revision)],
      ['size', formatBytes(manifest.content.size)],
      ['state', stateWords(snapshot, view.style)],
      ...notes.map((note) => ['note', note] as const),
    ],
    '  ',
  )}`;
}

/** From where to where, and what each is called. */
interface ImportRun {
  readonly location: string;
  readonly to: string;
  readonly label: (snapshot: ForeignSnapshot) => string;
}

/** Several, each with its own result; one that failed does not undo the others. */
export function importsAnswer(results: readonly ImportResult[], { location, to, label }: ImportRun): Answer {
  const done = results.filter((each) => 'imported' in each);
  const failed = results.flatMap((each) => ('failure' in each ? [each] : []));
  const why = failed.map(({ snapshot, failure }) => `${label(snapshot)}: ${failure.why}`).join('; ');
  const details = { imported: done.length, wanted: results.length };
  return {
    json: {
      ...{ apiVersion, kind: 'ImportedSnapshots', location, to },
      items: results.map((result) => ({
        ...{ name: result.snapshot.name, path: result.snapshot.path, system: result.snapshot.system },
        ...('imported' in result
          ? {
              outcome: result.imported.outcome,
              as: snapshotItem(result.imported.snapshot),
              notes: result.imported.notes,
            }
          : { outcome: 'failed', code: result.failure.code, why: result.failure.why }),
      })),
    },
    names: done.map((each) => each.imported.snapshot.name),
    text: (view) => importsText(results, to, label, view),
    ...(failed.length > 0 && { failure: new Failure('partly-imported', why, details) }),
  };
}

function importsText(
  results: readonly ImportResult[],
  to: string,
  label: ImportRun['label'],
  view: View,
): string {
  if (results.length === 0) return 'There is nothing to import.\n';
  const rows = results.map((result) =>
    'imported' in result
      ? [
          label(result.snapshot),
          view.style('good', result.imported.outcome),
          result.imported.snapshot.cluster.name,
          result.imported.snapshot.name,
        ]
      : [label(result.snapshot), view.style('bad', 'failed'), '-', result.failure.why],
  );
  return `Into ${to}\n\n${table(['NAME', 'RESULT', 'CLUSTER', 'AS, OR WHY NOT'], rows)}`;
}
