import type { Failure } from '@holdfast/base';
import type { FailureTold } from '@holdfast/model/fleet';

/** A failure as operations tell it. */
export function tellFailure({ code, message, why, next, details }: Failure): FailureTold {
  return { code, what: message, why, next, details: { ...details } };
}
