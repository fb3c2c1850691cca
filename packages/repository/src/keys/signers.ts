import { Failure } from '@holdfast/base';
import { adminsOf, countsNow, type KeyList } from '@holdfast/model';
import type { VerifyingKey } from '../manifest/verifying-key.ts';
import { changeKeys, listed, type KeyChange, type KeyChangePlace } from './change.ts';

type Signer = KeyList['signers'][number];

/** A key that is to sign in a repository. */
export interface NewSigner extends Pick<Signer, 'name' | 'role'> {
  readonly key: VerifyingKey;
}

/**
 * Lets a key sign from now on. The first admin makes a repository a signed one, and signs this list itself.
 *
 * @throws keys-none, key-known, and what {@link changeKeys} throws
 */
export function addSigner(place: KeyChangePlace, signer: NewSigner): Promise<KeyChange> {
  return changeKeys(place, async (before, at) => {
    const { signers } = listed(place, before);
    if (signers.some(({ keyid }) => keyid === signer.key.keyid)) {
      const details = { repository: place.storage.location, key: signer.key.keyid };
      throw new Failure('key-known', 'it is one of the signers', details);
    }
    return { signers: [...signers, newSigner(signer, at)] };
  });
}

/**
 * Ends a key's right to sign.
 *
 * @param how `retire`: what it signed until now still counts; `revoke`: nothing that it ever signed counts any more, for
 *   who stole the key can write any time into a manifest
 * @param last also the last admin, after which nobody's signature is asked for
 * @throws keys-none, key-unknown, key-last, and what {@link changeKeys} throws
 */
export function removeSigner(
  place: KeyChangePlace,
  { keyid, how, last }: { keyid: string; how: 'retire' | 'revoke'; last: boolean },
): Promise<KeyChange> {
  return changeKeys(place, async (before, at) => {
    const { signers, ...list } = listed(place, before);
    const signer = signers.find((each) => each.keyid === keyid);
    const details = { repository: place.storage.location, key: keyid };
    if (signer === undefined) throw new Failure('key-unknown', 'no signer has this id', details);
    // Who was retired can still be revoked, and nothing else.
    if (signer.revokedAt !== undefined || (how === 'retire' && !countsNow(signer)))
      throw new Failure('key-unknown', 'it was removed before', details);
    const time = at.toISOString();
    const ended: Signer = { ...signer, ...(how === 'retire' ? { until: time } : { revokedAt: time }) };
    const changed = signers.map((each) => (each === signer ? ended : each));
    const wasAdmin = adminsOf({ ...list, signers }).includes(signer);
    if (wasAdmin && !last && adminsOf({ ...list, signers: changed }).length === 0) {
      const why = 'without an admin, whoever may write to the repository may change its keys';
      throw new Failure('key-last', why, { ...details, without: 'signatures' });
    }
    return { signers: changed };
  });
}

/** The entry of a signer. */
export function newSigner({ key, name, role }: NewSigner, at: Date): Signer {
  return { keyid: key.keyid, publicKey: key.toPem(), name, role, addedAt: at.toISOString() };
}
