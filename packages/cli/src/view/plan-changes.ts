import type { PlannedChange, RestorePlan } from '@holdfast/model';
import type { View } from '../term/answer.ts';

/** What is brought back beside the data, each with its difference; then what a person has to see to. */
export function changesText({ scope, changes = [], wanted }: RestorePlan, view: View): string {
  const applied = changes.filter(({ applies }) => applies);
  const left = changes.filter(({ applies }) => !applies);
  const version = wanted?.version ?? null;
  const files = wanted?.companions?.node;
  const what = [
    ...(version === null ? [] : [`Kubernetes ${version}`]),
    ...(files === undefined ? [] : [`the configuration that was saved on ${files}`]),
  ].join(' and ');
  const none = applied.length === 0 ? '  nothing is changed\n' : '';
  const byHand =
    left.length === 0 ? '' : `  ${view.style('doubtful', 'not changed, and left to a person:')}\n`;
  return (
    `  scope ${scope}: ${what}\n${none}` +
    applied.map((change) => changeText(change, view)).join('') +
    byHand +
    left.map((change) => changeText(change, view)).join('')
  );
}

function changeText(change: PlannedChange, view: View): string {
  const { at, what, path, why, diff, kind } = change;
  const head =
    kind === 'version'
      ? `${at}: ${what} ${change.from ?? 'of a version that is not known'} -> ${change.to}${path === null ? '' : `, ${path}`}`
      : `${at}: ${path ?? what}${path === null ? '' : ` (${what})`}${change.absent ? ', which is not there yet' : ''}`;
  const reason = why === '' ? '' : `    ${view.style('doubtful', '!')} ${why}\n`;
  return `  ${view.style('strong', head)}\n${reason}${diffText(diff, view)}`;
}

function diffText(diff: string | null, view: View): string {
  if (diff === null) return '';
  // The names are said above.
  const [, , ...lines] = diff.trimEnd().split('\n');
  return lines
    .map((line) => {
      const tone = line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : undefined;
      return `    ${tone === undefined ? line : view.style(tone, line)}\n`;
    })
    .join('');
}
