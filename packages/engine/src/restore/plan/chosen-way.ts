import { Failure } from '@holdfast/base';
import type { RestorePlan } from '@holdfast/model';

/** How it is to be restored, and why so. */
export interface ChosenWay {
  readonly way: RestorePlan['way'];
  readonly why: string;
  /** `salvage`: whose data; `replace`: who is replaced. Otherwise nobody. */
  readonly members: readonly string[];
}

/** A name that the description does not have. */
export function notDescribed(name: string): Failure {
  return new Failure('usage', `the description of the cluster has no member ${name}`);
}
