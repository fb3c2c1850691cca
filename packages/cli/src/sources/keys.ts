import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import type { ClientKeys } from '@holdfast/repository';
import type { Settings } from '../settings/value.ts';
import { readSecretFile, readSecretLine } from './secret-file.ts';

/**
 * The keys of the settings. Secret keys and passphrases are read when something sealed is to be opened, the signing key
 * and the trusted keys now.
 *
 * @throws signing-key-invalid, trusted-keys-invalid, file-unreadable
 */
export async function clientKeys(settings: Settings): Promise<ClientKeys> {
  const { signingKey, trustedKeys, require, stateDir } = settings;
  const opening = openingOf(settings);
  const signed = signingKey !== undefined || trustedKeys !== undefined;
  const manifest = signed ? await import('@holdfast/repository/manifest') : undefined;
  return {
    ...(opening && { opening }),
    ...(signingKey !== undefined && { signing: await manifest!.readSigningKeyFile(signingKey) }),
    ...(trustedKeys !== undefined && {
      trusted: manifest!.parseTrustedKeys(await readText(trustedKeys), trustedKeys),
    }),
    ...(require !== undefined && { require }),
    memory: join(stateDir, 'repositories'),
  };
}

/** Undefined when there is nothing to open with. */
function openingOf({ identityFile, passphraseFile, passphrase }: Settings): ClientKeys['opening'] {
  if (identityFile === undefined && passphraseFile === undefined && passphrase === undefined)
    return undefined;
  return async () => {
    const { parseSecretKeyFile } = await import('@holdfast/repository/object');
    const said = passphraseFile === undefined ? passphrase : await readSecretLine(passphraseFile);
    return {
      ...(identityFile !== undefined && {
        keys: await parseSecretKeyFile(await readSecretFile(identityFile), identityFile),
      }),
      ...(said !== undefined && { passphrases: [said] }),
    };
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
}
