import type { Policy } from '@holdfast/model';
import type { PolicyState } from '../state.ts';

/** The repositories that each have to hold the newest snapshot: the required ones, but for those it only passes through. */
export function promisedIn({ targets }: Policy, { newest }: PolicyState): string[] {
  return targets
    .filter(({ required, repository }) => required && newest[repository]?.passing !== true)
    .map(({ repository }) => repository);
}
