import type { RepositorySecrets } from '@holdfast/model/fleet';
import type { Sealer } from '../secrets/sealer.ts';
import type { StoredRepository } from '../store/repositories.ts';

const of = (name: string): string => `repository/${name}`;

/** The secrets of a repository as the store keeps them; null where there are none. */
export function sealSecrets(sealer: Sealer, name: string, secrets: RepositorySecrets): Uint8Array | null {
  if (Object.keys(secrets).length === 0) return null;
  return sealer.seal(of(name), Buffer.from(JSON.stringify(secrets)));
}

/** The secrets of a stored repository. @throws Failure secret-unreadable */
export function secretsOf(
  sealer: Sealer,
  { name, sealed }: Pick<StoredRepository, 'name' | 'sealed'>,
): RepositorySecrets {
  if (sealed === null) return {};
  return JSON.parse(Buffer.from(sealer.open(of(name), sealed)).toString('utf8')) as RepositorySecrets;
}
