import type { RepositorySecrets } from '@holdfast/model/fleet';
import type { ClientKeys } from '@holdfast/repository';
import { parseTrustedKeys, SigningKey } from '@holdfast/repository/manifest';
import { parseSecretKeyFile } from '@holdfast/repository/object';

/**
 * The keys of a repository, from texts in memory. Identities are read once something sealed is opened.
 *
 * @param name of the repository, for messages, which hold nothing of the keys
 * @param memory the folder of what was seen of repositories
 * @throws Failure signing-key-invalid, trusted-keys-invalid
 */
export function fleetKeys(
  name: string,
  { identities, passphrase, signingKey, trustedKeys }: RepositorySecrets,
  memory: string,
): ClientKeys {
  const of = (what: string): string => `${what} of repository ${name}`;
  const opens = identities !== undefined || passphrase !== undefined;
  return {
    ...(opens && {
      opening: async () => ({
        ...(identities !== undefined && { keys: await parseSecretKeyFile(identities, of('identities')) }),
        ...(passphrase !== undefined && { passphrases: [passphrase] }),
      }),
    }),
    ...(signingKey !== undefined && { signing: SigningKey.parse(signingKey, of('signingKey')) }),
    ...(trustedKeys !== undefined && { trusted: parseTrustedKeys(trustedKeys, of('trustedKeys')) }),
    memory,
  };
}
