import { Failure } from '@holdfast/base';

/** A failure whose commands are those of this command line. */
class FailureWithNext extends Failure {
  override readonly next: string;

  constructor(failure: Failure, next: string) {
    super(failure.code, failure.why, failure.details, { cause: failure });
    this.next = next;
  }
}

/** The same failure with another word on what is to be done. */
export function withNext(failure: Failure, next: string): Failure {
  return next === failure.next ? failure : new FailureWithNext(failure, next);
}
