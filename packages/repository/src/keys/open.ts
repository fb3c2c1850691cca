import { Failure } from '@holdfast/base';
import { adminsOf, countsNow, policyOf, type KeyList } from '@holdfast/model';
import type { SigningKey } from '../manifest/signing-key.ts';
import { parsePublicKeyFile, type PublicKey } from '../object/keys/public-key.ts';
import type { Storage } from '../storage/storage.ts';
import type { ClientKeys } from './client-keys.ts';
import { signersOf, untrusted } from './key-lists.ts';
import type { KeyRing } from './key-ring.ts';
import { openKeys } from './opening.ts';
import { trustedLists } from './trusted-lists.ts';
import { unlistedRing } from './unlisted-ring.ts';

/**
 * The keys of a repository, as this client has them. Reads the key lists, all of them, and writes nothing but the
 * client's own memory.
 *
 * @throws keys-untrusted when a list breaks the rules, or nobody whom the client trusts vouches for it
 * @throws keys-rolled-back when the client has seen others
 * @throws memory-damaged, repository-newer, file-unreadable; what the storage throws
 */
export async function openKeyRing(
  storage: Storage,
  repositoryId: string,
  client: ClientKeys,
): Promise<KeyRing> {
  const place = { storage, repositoryId, client };
  const { newest, firstUse, unremembered } = await trustedLists(place);
  const list = newest?.list;
  if (list === undefined) return unlisted(storage, client);
  const signers = signersOf(storage, list);
  const strangers = (client.trusted ?? []).filter((key) => !signers.some(({ keyid }) => keyid === key.keyid));
  return {
    list,
    firstUse,
    unremembered,
    recipients: await recipientsOf(storage, list),
    get signing() {
      return signingOf(storage, list, client.signing);
    },
    trust: {
      policy: policyOf(list, strangers, client.require),
      keys: [...signers, ...strangers],
    },
    opening: () => openKeys(place, list),
  };
}

/** Who has trusted keys writes nothing unsealed only because the list is gone. */
function unlisted(storage: Storage, client: ClientKeys): KeyRing {
  const ring = unlistedRing(client);
  if (client.trusted === undefined) return ring;
  return {
    ...ring,
    get recipients(): never {
      throw untrusted(storage, 'trusted keys were given, and it has no key list that they could vouch for');
    },
  };
}

async function recipientsOf(
  storage: Storage,
  list: KeyList,
): Promise<[PublicKey, ...PublicKey[]] | undefined> {
  if (list.recipients.length === 0) return undefined;
  try {
    return await parsePublicKeyFile(list.recipients.map(({ key }) => key).join('\n'), '');
  } catch (error) {
    throw untrusted(storage, 'one of the public keys of its key list cannot be sealed for', error);
  }
}

function signingOf(storage: Storage, list: KeyList, key: SigningKey | undefined): SigningKey | undefined {
  const counting = list.signers.filter(countsNow);
  if (key !== undefined && counting.some(({ keyid }) => keyid === key.publicKey.keyid)) return key;
  if (adminsOf(list).length === 0) return undefined;
  const why =
    key === undefined
      ? 'what is written there has to be signed, and no signing key was given'
      : `the signing key ${key.publicKey.keyid} is not in its key list, or counts no more`;
  throw new Failure('signer-missing', why, { repository: storage.location });
}
