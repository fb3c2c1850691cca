import type { Probe } from '@holdfast/engine';
import type { Session } from '../session.ts';
import type { Place } from '../settings/places.ts';
import { openStorage, s3Options } from './storage.ts';

/**
 * Puts, reads, lists and deletes something of its own in a place, and leaves nothing there. A folder that is not there
 * is made.
 *
 * @throws what the settings and their files do; what is wrong with the place is in the answer
 */
export async function probePlace(session: Session, place: Place): Promise<Probe> {
  if ('s3' in place.at) {
    const [{ probeS3 }, { s3SettingsOf }] = await Promise.all([
      import('@holdfast/repository'),
      import('./s3.ts'),
    ]);
    return await probeS3(await s3SettingsOf(place.at.s3), await s3Options(session));
  }
  const { probeStorage } = await import('@holdfast/engine');
  return await probeStorage(await openStorage(session, place));
}
