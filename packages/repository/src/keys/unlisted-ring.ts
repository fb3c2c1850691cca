import { Failure } from '@holdfast/base';
import type { ClientKeys } from './client-keys.ts';
import type { KeyRing } from './key-ring.ts';

/** The ring of a repository without a key list: nothing is sealed there, and signatures count as the client says. */
export function unlistedRing({ opening, signing, trusted = [], require }: ClientKeys): KeyRing {
  const keys = [...trusted, ...(signing === undefined ? [] : [signing.publicKey])];
  const named = [...new Map(keys.map((key) => [key.keyid, key.comment ?? key.keyid]))];
  const policy = {
    require: require ?? (trusted.length > 0 ? 'signed' : 'any'),
    keys: named.map(([keyid, name]) => ({ keyid, name })),
  } as const;
  return {
    list: undefined,
    firstUse: false,
    unremembered: undefined,
    recipients: undefined,
    signing,
    trust: { policy: { ...policy, keys: [...policy.keys] }, keys },
    opening: () => {
      if (opening !== undefined) return opening();
      throw new Failure('key-missing', 'this client was given no secret key and no passphrase');
    },
  };
}
