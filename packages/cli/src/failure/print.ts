import { Failure, isFailure } from '@holdfast/base';
import type { Format } from '../term/answer.ts';
import { printable } from '../term/printable.ts';
import type { Style } from '../term/style.ts';

/** Where the reference explains each code. */
const anchors = 'docs/reference/errors.md#';

/** What was thrown, as a failure of the table: what is not one is a bug. */
export function failureOf(error: unknown): Failure {
  if (isFailure(error)) return error;
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Failure('internal', why.split('\n')[0] ?? why, {}, { cause: error });
}

/**
 * A failure as it is reported: what, why and what next, each on its line; one JSON object for machines.
 *
 * @param debug adds the stacks of the failure and its causes
 */
export function renderFailure(failure: Failure, format: Format, style: Style, debug: boolean): string {
  if (format === 'json') return `${JSON.stringify(machineForm(failure, debug))}\n`;
  const lines = [
    `${style('bad', 'error:')} ${style('strong', failure.message)}`,
    `  why:  ${failure.why}`,
    `  next: ${failure.next.replaceAll('\n', '\n        ')} ${style('faint', `(${anchors}${failure.code})`)}`,
    ...(debug ? [stackOf(failure)] : []),
  ];
  return printable(`${lines.join('\n')}\n`);
}

function machineForm(failure: Failure, debug: boolean): object {
  return {
    code: failure.code,
    message: failure.message,
    why: failure.why,
    hint: failure.next,
    details: failure.details,
    exitCode: failure.exitCode,
    ...(debug && { stack: stackOf(failure) }),
  };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? String(error);
  return error.cause === undefined ? own : `${own}\ncaused by: ${stackOf(error.cause)}`;
}
