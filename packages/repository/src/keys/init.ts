import { Failure } from '@holdfast/base';
import type { VerifyingKey } from '../manifest/verifying-key.ts';
import type { PublicKey } from '../object/keys/public-key.ts';
import { generateSecretKey } from '../object/keys/secret-key.ts';
import { changeKeys, type KeyChange, type KeyChangePlace } from './change.ts';
import { newSigner } from './signers.ts';
import { sealSecret } from './secret.ts';

/** A key to seal for: a public key, or a new one whose secret key is kept in the repository, opened by a passphrase. */
export interface NewRecipient {
  readonly name: string;
  readonly key: PublicKey | { readonly passphrase: string };
}

/**
 * Gives a repository its first key list. The first signer must be the client's own key, for it signs the list.
 *
 * @param signers admins; without one the list, and what is stored, is not signed
 * @throws keys-changed when there is one already
 */
export function initKeys(
  place: KeyChangePlace,
  recipients: readonly NewRecipient[],
  signers: readonly { readonly key: VerifyingKey; readonly name: string }[],
): Promise<KeyChange> {
  return changeKeys(place, async (before, at) => {
    if (before !== undefined) {
      const why = 'it has a key list already';
      throw new Failure('keys-changed', why, { repository: place.storage.location });
    }
    const made = [];
    for (const recipient of recipients) made.push(await newRecipient(recipient, at));
    return {
      recipients: made.map(({ recipient }) => recipient),
      sealed: made.flatMap(({ sealed }) => sealed),
      signers: signers.map((signer) => newSigner({ ...signer, role: 'admin' }, at)),
    };
  });
}

/** The entry of a recipient; for a passphrase with its secret key. */
export async function newRecipient({ name, key }: NewRecipient, at: Date) {
  const secret = 'passphrase' in key ? await generateSecretKey() : undefined;
  const publicKey = 'passphrase' in key ? secret!.publicKey : key;
  return {
    recipient: { key: publicKey.text, name, addedAt: at.toISOString() },
    publicKey,
    sealed:
      'passphrase' in key && secret !== undefined
        ? [await sealSecret(secret, at, { passphrase: key.passphrase })]
        : [],
  };
}
