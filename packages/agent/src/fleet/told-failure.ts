import { Failure, failureTable, isFailure, type FailureCode } from '@holdfast/base';
import type { FailureTold } from '@holdfast/model/fleet';

/** A failure as it is told over the wire; what is none is a bug, and is told as one. */
export function toldFailure(error: unknown): FailureTold {
  const { code, message, why, next, details } = isFailure(error)
    ? error
    : new Failure('internal', error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  return { code, what: message, why, next, details: { ...details } };
}

/** The failure that another agent has told; a code of a newer version is told in its words, as a failure of that node. */
export function heardFailure(
  told: FailureTold,
  about: { readonly step: string; readonly member: string },
): Failure {
  if (Object.hasOwn(failureTable, told.code))
    return new Failure(told.code as FailureCode, told.why, told.details);
  return new Failure('node-failed', `${told.what}: ${told.why}`, about);
}
