import { formatDuration } from '@holdfast/base';
import type { Probe } from '@holdfast/engine';
import type { View } from '../term/answer.ts';
import { aligned } from '../term/table.ts';

/** What was tried of a place, for machines. */
export function connectionItem({ steps, conditionalWrites, skewMs, findings }: Probe) {
  return {
    steps: steps.map(({ step, failure }) => ({
      step,
      ok: failure === undefined,
      code: failure?.code ?? null,
      why: failure?.why ?? null,
    })),
    conditionalWrites: conditionalWrites ?? null,
    clockSkewMs: skewMs ?? null,
    findings: findings.map(({ code, message, why, next }) => ({ code, message, why, hint: next })),
  };
}

/**
 * The same for people, a line for each step.
 *
 * @param more lines of the same table
 */
export function connectionText(
  { steps, conditionalWrites, skewMs, findings }: Probe,
  { style }: View,
  ...more: string[][]
): string {
  const rows = steps.map(({ step, failure }) =>
    failure === undefined
      ? [`  ${step}`, style('good', 'ok'), '']
      : [`  ${step}`, style('bad', 'failed'), `${failure.message}: ${failure.why}`],
  );
  if (conditionalWrites !== undefined) {
    const { put, complete } = conditionalWrites;
    const words =
      put && complete
        ? 'the server refuses to overwrite'
        : `the server overwrites ${put ? 'uploads in parts' : complete ? 'small objects' : 'everything'}`;
    rows.push([
      '  overwrite',
      put && complete ? style('good', 'ok') : style('doubtful', 'by markers'),
      words,
    ]);
  }
  if (skewMs !== undefined) {
    const words = skewMs === 0 ? 'no difference' : `${formatDuration(Math.abs(skewMs))} apart`;
    const askew = findings.some(({ code }) => code === 's3-clock');
    rows.push(['  clock', askew ? style('doubtful', 'apart') : style('good', 'ok'), words]);
  }
  return aligned([...rows, ...more]);
}
