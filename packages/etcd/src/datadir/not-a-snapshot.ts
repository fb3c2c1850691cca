import { Failure } from '@holdfast/base';

/** What is called `name` is no snapshot, or not a whole one. */
export function notASnapshot(name: string, why: string): Failure {
  return new Failure('not-a-snapshot', why, { path: name });
}
