import { Failure, formatDuration, isFailure, type FailureCode } from '@holdfast/base';
import { answerOf, type Answer } from './answer.ts';
import { connectionFault } from './connection-fault.ts';

/** What was asked, and of whom. */
export interface Question {
  /** As policies name it, e.g. s3:PutObject. */
  readonly action: string;
  /** The object or bucket as its user would write it. */
  readonly path: string;
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
}

type Meaning = readonly [FailureCode, string?];

/** S3's names of errors (Amazon's API reference, "Error responses"; some are MinIO's or Ceph's own). */
const meanings: Readonly<Record<string, Meaning>> = {
  InvalidAccessKeyId: ['s3-credentials', 'it does not know the access key'],
  InvalidClientTokenId: ['s3-credentials', 'it does not know the access key'],
  SignatureDoesNotMatch: ['s3-credentials', 'the secret key is not that of the access key'],
  ExpiredToken: ['s3-credentials', 'the session token has expired'],
  ExpiredTokenException: ['s3-credentials', 'the session token has expired'],
  TokenRefreshRequired: ['s3-credentials', 'the session token has expired'],
  InvalidToken: ['s3-credentials', 'the session token is not valid'],
  InvalidTokenId: ['s3-credentials', 'the session token is not valid'],
  InvalidIdentityToken: ['s3-credentials', 'the web identity token is not valid'],
  CredentialsProviderError: ['s3-credentials'],
  AccessDenied: ['s3-permission'],
  AllAccessDisabled: ['s3-permission'],
  InvalidObjectState: ['s3-refused', 'it is in an archive, and has to be brought back from there first'],
  Forbidden: ['s3-permission'],
  RequestTimeTooSkewed: ['s3-clock'],
  NoSuchBucket: ['s3-bucket-missing', 'it knows no bucket of this name'],
  PermanentRedirect: ['s3-region'],
  TemporaryRedirect: ['s3-region'],
  AuthorizationHeaderMalformed: ['s3-region'],
  IllegalLocationConstraintException: ['s3-region'],
  SlowDown: ['s3-busy'],
  SlowDownRead: ['s3-busy'],
  SlowDownWrite: ['s3-busy'],
  RequestTimeout: ['s3-busy'],
  OperationAborted: ['s3-busy'],
  ConditionalRequestConflict: ['s3-busy'],
  ServerNotInitialized: ['s3-busy'],
  BadDigest: ['s3-busy', 'what arrived there was damaged on the way'],
  IncompleteBody: ['s3-busy', 'what arrived there was damaged on the way'],
  XAmzContentSHA256Mismatch: ['s3-busy', 'what arrived there was damaged on the way'],
  XMinioStorageFull: ['disk-full'],
  QuotaExceeded: ['disk-full'],
  XMinioAdminBucketQuotaExceeded: ['disk-full'],
};

/** Says what went wrong with a request, as a row of the failure table; what is no failure of a request stays what it is. */
export function requestFailure(error: unknown, question: Question, now: Date): unknown {
  if (isFailure(error)) return error;
  const make = (code: FailureCode, why: string, more: { lasting?: boolean } = {}): Failure =>
    new Failure(code, why, { ...question, ...more }, { cause: error });
  const answer = answerOf(error);
  if (answer !== undefined) return make(...answerFault(answer, now));
  const fault = connectionFault(error);
  if (fault !== undefined) return make(fault.code, fault.why, { lasting: fault.lasting });
  if (!(error instanceof Error)) return error;
  if (error.name === 'CredentialsProviderError') return make('s3-no-credentials', error.message);
  if (/^Region is missing|^Invalid region/i.test(error.message)) return make('s3-region', 'no region is set');
  return error;
}

function answerFault(answer: Answer, now: Date): [FailureCode, string] {
  const { name, message, status, region } = answer;
  const own = `${name}: ${message}`;
  if (name === 'RequestTimeTooSkewed') return ['s3-clock', skewOf(answer, now)];
  const meaning = meanings[name];
  // A redirect without a region means another endpoint, and a malformed header may mean something else entirely.
  if (meaning?.[0] === 's3-region' || status === 301) {
    return region === undefined ? ['s3-refused', own] : ['s3-region', `its region is ${region}`];
  }
  if (meaning !== undefined) return [meaning[0], meaning[1] ?? own];
  if (status === 407) return ['s3-unreachable', 'the proxy wants credentials'];
  if (status === 403) return ['s3-permission', own];
  if (status === 507) return ['disk-full', own];
  if (status === 429 || (status >= 500 && status !== 501)) return ['s3-busy', own];
  if (!answer.named) return ['s3-refused', `its answer (${status}) is not one of an S3 server`];
  return ['s3-refused', `${own} (${status})`];
}

/** How far the clocks are apart, by the time that the answer bears. */
function skewOf({ headers, message }: Answer, now: Date): string {
  const skew = clockSkew(headers['date'], now);
  return skew === undefined ? message : skewText(skew);
}

/** @param skew milliseconds that the server's clock is ahead */
export function skewText(skew: number): string {
  return `this machine is ${formatDuration(Math.abs(skew))} ${skew < 0 ? 'ahead of' : 'behind'} the server`;
}

/** Milliseconds that the server's clock is ahead, by the Date of an answer, which has whole seconds. */
export function clockSkew(date: string | undefined, now: Date): number | undefined {
  const then = Date.parse(date ?? '');
  return Number.isNaN(then) ? undefined : then - now.getTime();
}
