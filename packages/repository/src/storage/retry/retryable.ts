import { Failure, isFailure, type FailureCode } from '@holdfast/base';

const passing = new Set<FailureCode>(['s3-busy', 's3-unreachable', 's3-clock', 's3-damaged']);

/**
 * Whether the same step may succeed a moment later. Whether the failed one had an effect is another question, which
 * only looking at the storage answers.
 *
 * - `s3-busy`: the server is overloaded or fails inside, or what reached it was damaged on the way.
 * - `s3-unreachable`: no connection, or one that was lost.
 * - `s3-clock`: the client has learnt the server's time from the refusal, and signs with it from then on.
 * - `s3-damaged`: the bytes may have been damaged on the way here.
 *
 * Not with the detail `lasting`: a host name that nobody knows, or a step that was tried often enough further below.
 */
export function isRetryable(error: unknown): boolean {
  return isFailure(error) && passing.has(error.code) && error.details['lasting'] !== true;
}

/** An error of a step that was tried often enough, so that nobody above tries it again. */
export function triedEnough(error: unknown): unknown {
  if (!isFailure(error) || !isRetryable(error)) return error;
  return new Failure(error.code, error.why, { ...error.details, lasting: true }, { cause: error });
}
