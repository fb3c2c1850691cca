import type { Failure } from '@holdfast/base';
import type { KeyList, TrustPolicy } from '@holdfast/model';
import type { OpenWith } from '../object/age/header.ts';
import type { PublicKey } from '../object/keys/public-key.ts';
import type { SigningKey } from '../manifest/signing-key.ts';
import type { VerifyingKey } from '../manifest/verifying-key.ts';

/** The keys of a repository as one client has them: what its key list says, and what the client brings. */
export interface KeyRing {
  /** The newest key list; undefined: the repository is neither sealed nor signed. */
  readonly list: KeyList | undefined;
  /** Whether this client has a memory and saw a key list here for the first time: its user should compare fingerprints. */
  readonly firstUse: boolean;
  /** Why the client could not remember what it saw, which keeps it from nothing else. */
  readonly unremembered: Failure | undefined;
  /**
   * Whom to seal for; undefined: nothing is sealed. To be asked for only by who writes.
   *
   * @throws keys-untrusted where there is no key list, and the client has trusted keys
   */
  readonly recipients: readonly [PublicKey, ...PublicKey[]] | undefined;
  /**
   * Signs what this client writes; undefined: it is not signed. To be asked for only by who writes.
   *
   * @throws signer-missing where the key list names an admin, and the client has no key that counts
   */
  readonly signing: SigningKey | undefined;
  /** Whose signatures count. `keys` has every key that is known, those that are revoked too. */
  readonly trust: { readonly policy: TrustPolicy; readonly keys: readonly VerifyingKey[] };
  /**
   * What opens sealed objects: the client's own keys, and those in the repository that they open.
   *
   * @throws key-missing when the client has none; key-not-matching when it has only passphrases and they open nothing;
   *   key-file-invalid, file-unreadable
   */
  opening(): Promise<OpenWith>;
}
