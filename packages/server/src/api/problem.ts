import { Failure, isFailure } from '@holdfast/base';
import type { Problem } from '@holdfast/model/api';
import { statusOf } from './failure-status.ts';

/** A fault of a request, each with the JSON pointer of where it is: below `/body`, `/query`, `/params` or `/headers`. */
export type RequestFaults = NonNullable<Problem['errors']>;

/** A request that is refused for what is in it. */
export class RequestRefused extends Failure {
  readonly errors: RequestFaults;

  constructor(
    errors: RequestFaults,
    code: 'request-invalid' | 'policy-refused' = 'request-invalid',
    details: Failure['details'] = {},
  ) {
    super(code, errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; '), details);
    this.errors = errors;
  }
}

/** What a failure is told as, with the headers that belong to it. */
export interface ToldProblem {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Any error as a problem (RFC 9457). What is no Failure is a bug: nothing of it is told but the id of the request, under
 * which the log has it.
 */
export function problemOf(error: unknown, request: string): ToldProblem {
  const failure = isFailure(error)
    ? error
    : new Failure('server-failed', `the log has it under request ${request}`);
  const { code, message, why, next, details } = failure;
  const problem: Problem = {
    type: `urn:holdfast:failure:${code}`,
    title: message,
    status: statusOf(code),
    detail: why,
    code,
    next,
    instance: `urn:holdfast:request:${request}`,
    details: { ...details },
    ...(failure instanceof RequestRefused ? { errors: failure.errors } : {}),
  };
  return { problem, headers: headersOf(problem) };
}

function headersOf({ status, details }: Problem): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json; charset=utf-8' };
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="holdfast"';
  const after = details?.['retryAfter'];
  if (typeof after === 'number') headers['retry-after'] = String(Math.ceil(after));
  else if (status === 503) headers['retry-after'] = '5';
  return headers;
}
