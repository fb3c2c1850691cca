import { Failure, failureTable, type FailureCode, type FailureDetails } from '@holdfast/base';
import { Problem } from '@holdfast/model/api';

/** What the server has refused, with where the request was wrong. */
export class RefusedFailure extends Failure {
  readonly errors: NonNullable<Problem['errors']>;
  /** The HTTP status. */
  readonly status: number;

  constructor(code: FailureCode, why: string, details: FailureDetails, { status, errors = [] }: Problem) {
    super(code, why, details);
    this.status = status;
    this.errors = errors;
  }
}

/**
 * A reply that is none of success as the failure that the server has had. One that this version does not know is told as
 * `server-failed`, with the words of the server and its code as `details.code`.
 */
export function failureOf(status: number, text: string): Failure {
  const problem = problemIn(text);
  if (problem === undefined) {
    const what = `HTTP ${status}, which is not a reply of Holdfast`;
    return new Failure(status === 502 || status === 504 ? 'server-unreachable' : 'server-failed', what, {
      server: 'behind its proxy',
      status,
    });
  }
  const { code, detail, details, title, next } = problem;
  const flat = Object.fromEntries(
    Object.entries(details ?? {}).filter(([, value]) => value === null || typeof value !== 'object'),
  ) as FailureDetails;
  if (code in failureTable) return new RefusedFailure(code as FailureCode, detail, flat, problem);
  const why = `${title}: ${detail} (${next})`;
  return new RefusedFailure('server-failed', why, { ...flat, code }, problem);
}

function problemIn(text: string): Problem | undefined {
  try {
    return Problem.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
