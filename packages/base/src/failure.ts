import { failureTable, type ExitCode, type FailureCode } from './failure-table.ts';

/** Named values for a failure: they fill `{placeholders}` of the table and are printed under `-o json`. */
export type FailureDetails = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Something went wrong in a way that Holdfast knows: `message` says what, `why` says why, `next` says what to do.
 * Everything that is thrown and is not a Failure is a bug. Secrets never go into `why` or `details`.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly why: string;
  readonly next: string;
  readonly details: FailureDetails;

  /**
   * @param code a row of the failure table
   * @param why one sentence: the cause as seen from here, e.g. "connect ECONNREFUSED 127.0.0.1:2379"
   * @param details values for the placeholders of the row, and for machines
   */
  constructor(code: FailureCode, why: string, details: FailureDetails = {}, options: ErrorOptions = {}) {
    const entry = failureTable[code];
    super(fill(entry.what, details), options);
    this.code = code;
    this.why = why;
    this.next = fill(entry.next, details);
    this.details = details;
  }

  /** The process's exit status for this failure. */
  get exitCode(): ExitCode {
    return failureTable[this.code].exit;
  }
}

/** Tells whether `error` is a Failure (and so user-facing), with a given code if one is named. */
export function isFailure(error: unknown, code?: FailureCode): error is Failure {
  return error instanceof Failure && (code === undefined || error.code === code);
}

function fill(template: string, details: FailureDetails): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => String(details[key] ?? whole));
}
