import { formatDuration } from '@holdfast/base';
import { Failure } from '@holdfast/base';
import type { Evidence } from '@holdfast/model';
import type { View } from '../term/answer.ts';
import { table } from '../term/table.ts';
import { moment } from '../term/when.ts';

/** What each outcome of a verification means. */
const outcomes = {
  passed: 'every check passed: this snapshot is verified',
  incomplete: 'nothing is wrong, but not everything could be checked: it stays stored, not verified',
  failed: 'this snapshot is damaged: do not restore from it',
} as const;

/** What a verification that did not pass means for the exit status; undefined for one that passed. */
export function verificationFailure({ outcome, checks, snapshot }: Evidence): Failure | undefined {
  if (outcome === 'passed') return undefined;
  const [code, wanting] =
    outcome === 'failed'
      ? (['snapshot-damaged', 'failed'] as const)
      : (['snapshot-unproven', 'skipped'] as const);
  const told = checks.filter((each) => each.outcome === wanting);
  const why = told.map((each) => `${each.check}: ${each.detail}`).join('; ');
  return new Failure(code, why, { name: snapshot });
}

/** A verification for people: when, its outcome, each check with what it found. */
export function evidenceText(evidence: Evidence, view: View): string {
  const tones = { passed: 'good', failed: 'bad', skipped: 'doubtful', incomplete: 'doubtful' } as const;
  const words = { passed: 'ok', failed: 'failed', skipped: 'skipped' } as const;
  const head = `${view.style(tones[evidence.outcome], evidence.outcome)} at ${moment(evidence.at, view.utc)} in ${formatDuration(evidence.durationMs)}: ${outcomes[evidence.outcome]}`;
  const checks = table(
    ['  CHECK', 'RESULT', 'FOUND'],
    evidence.checks.map((each) => [
      `  ${each.check}`,
      view.style(tones[each.outcome], words[each.outcome]),
      each.detail,
    ]),
  );
  return `${head}\n${checks}`;
}
