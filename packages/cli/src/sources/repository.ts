import type { Repository } from '@holdfast/repository';
import { required } from '../program/require.ts';
import type { Session } from '../session.ts';

/**
 * The repository of the settings.
 *
 * @param create whether an empty or absent folder becomes one
 * @throws Failure `usage` when none is set, `repository-missing`, `repository-foreign`, `repository-newer`
 */
export async function openRepository(session: Session, create = false): Promise<Repository> {
  const location = required(session.settings, 'repo');
  const { openRepository: open } = await import('@holdfast/repository');
  return await open(location, { create, clock: session.io.clock });
}
