import type { Repository } from '@holdfast/repository';
import type { Session } from '../session.ts';

/** Says what a user has to know of the keys of a repository that was just opened: once, in most cases nothing. */
export function tellKeys({ warn }: Pick<Session, 'warn'>, { location, ring }: Repository): void {
  if (ring.firstUse) {
    const kit = 'compare `holdfast repo keys list` with the recovery kit';
    warn(`the keys of ${location} are seen here for the first time, and taken as they are: ${kit}`);
  }
  if (ring.unremembered !== undefined) {
    const why = `${ring.unremembered.message}: ${ring.unremembered.why}`;
    warn(`the keys of ${location} cannot be remembered, so that older ones would be taken later: ${why}`);
  }
}
