import { isFailure } from '@holdfast/base';
import { statusOf } from '../failure-status.ts';

/** Rancher's error codes with their statuses (rancher/norman, httperror/error.go), those of them that are used here. */
const statuses = {
  Unauthorized: 401,
  PermissionDenied: 403,
  NotFound: 404,
  ActionNotAvailable: 404,
  MethodNotAllow: 405,
  Conflict: 409,
  InvalidAction: 422,
  InvalidBodyContent: 422,
  InvalidCharacters: 422,
  InvalidFormat: 422,
  InvalidOption: 422,
  InvalidReference: 422,
  InvalidState: 422,
  MissingRequired: 422,
  // Rancher has none for who asks too often.
  TooManyRequests: 429,
  ServerError: 500,
  ClusterUnavailable: 503,
} as const;
export type RancherCode = keyof typeof statuses;

/** A request that Rancher's API refuses, in its own words. */
export class RancherError extends Error {
  readonly code: RancherCode;
  readonly fieldName: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  /** @param fieldName the field of the request that is wrong */
  constructor(
    code: RancherCode,
    message: string,
    fieldName?: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.code = code;
    this.fieldName = fieldName;
    this.headers = headers;
  }

  get status(): number {
    return statuses[this.code];
  }
}

/** What its actions answer where the cluster or the request makes no sense: no code, the status alone. */
export class PlainRefusal extends Error {
  readonly status = 400;
}

/** An error as Rancher's clients read it, with its status; a bug tells nothing of itself. */
export function errorReply(error: unknown): {
  status: number;
  body: Record<string, unknown>;
  headers: Readonly<Record<string, string>>;
} {
  if (error instanceof PlainRefusal)
    return { status: error.status, body: { message: error.message }, headers: {} };
  const known = error instanceof RancherError ? error : inRancherWords(error);
  const { code, status, message, fieldName, headers } = known;
  // Its authentication filter writes the status as a text, and no code.
  if (code === 'Unauthorized')
    return { status, body: { type: 'error', status: String(status), message }, headers };
  const field = fieldName === undefined ? {} : { fieldName };
  return { status, body: { baseType: 'error', type: 'error', status, code, message, ...field }, headers };
}

/** Codes by status, for failures that have no word of Rancher's own. */
const codeOf: Readonly<Record<number, RancherCode>> = {
  401: 'Unauthorized',
  403: 'PermissionDenied',
  404: 'NotFound',
  405: 'MethodNotAllow',
  409: 'Conflict',
  429: 'TooManyRequests',
  503: 'ClusterUnavailable',
};

function inRancherWords(error: unknown): RancherError {
  if (!isFailure(error)) return new RancherError('ServerError', 'the server has failed at this');
  if (error.code === 'not-authenticated') {
    const headers = { 'www-authenticate': 'Bearer realm="holdfast"' };
    return new RancherError('Unauthorized', 'must authenticate', undefined, headers);
  }
  const status = statusOf(error.code);
  const code = codeOf[status] ?? (status < 500 ? 'InvalidState' : 'ServerError');
  const { retryAfter } = error.details;
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(Number(retryAfter))) };
  return new RancherError(code, `${error.message}: ${error.why}`, undefined, headers);
}
