import type { OpenWith } from '../object/age/header.ts';
import type { SigningKey } from '../manifest/signing-key.ts';
import type { VerifyingKey } from '../manifest/verifying-key.ts';

/** What a client brings to a repository. An unsealed and unsigned one needs nothing of it. */
export interface ClientKeys {
  /** Secret keys and passphrases; asked for only when something sealed is to be read. */
  readonly opening?: () => Promise<OpenWith>;
  /** Signs what is written; without it nothing can be written where the key list names an admin. */
  readonly signing?: SigningKey;
  /** Keys that were had by another way than the repository: when given, only what they vouch for counts. */
  readonly trusted?: readonly VerifyingKey[];
  /** Whether unsigned manifests are taken; as the key list suggests when absent: `signed` where it names an admin. */
  readonly require?: 'signed' | 'any';
  /** The folder in which is kept what was seen of repositories, so that none goes back behind it; nothing is kept without. */
  readonly memory?: string;
}
