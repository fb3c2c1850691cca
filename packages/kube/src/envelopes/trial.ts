import type { Census, CensusGroup, StoredPair } from './census.ts';
import type { EncryptionConfiguration, EncryptionProvider } from './encryption-configuration.ts';
import { type Encryption, envelopePrefixes, isEncryption, plainForm, readEnvelope } from './envelope.ts';
import { type KmsHeader, readKmsV1, readKmsV2 } from './kms.ts';
import { openPayload } from './open.ts';
import { providersFor } from './rules.ts';

/**
 * `opened`: the key of this name opened a value. `wrong-key`: there is one of this name, and it does not fit. `no-key`: there
 * is none. `needs-kms`: its plugin has to be asked. `no-identity`: the values are plain, and the configuration forbids that.
 * `plain`: no key is needed. `unknown`: an envelope that this version does not know.
 */
export type TrialResult =
  | 'opened'
  | 'wrong-key'
  | 'no-key'
  | 'needs-kms'
  | 'no-identity'
  | 'plain'
  | 'unknown';

/** What became of one group of the census. */
export interface Trial {
  readonly group: CensusGroup;
  readonly result: TrialResult;
  /** Of KMS v2: the id of the KMS's own key. */
  readonly kmsKeyId: string | null;
  /** Whether new values would be written otherwise: with another key, encrypted, or plain. */
  readonly stale: boolean;
}

/** Says of each group that API servers write whether it can be read, with one trial decryption for each key. */
export function tryKeys(census: Census, configuration: EncryptionConfiguration | undefined): Trial[] {
  return census.groups
    .filter((group) => group.resource !== null)
    .map((group) => tryGroup(group, configuration));
}

function tryGroup(group: CensusGroup, configuration: EncryptionConfiguration | undefined): Trial {
  const providers =
    group.resource === null || configuration === undefined
      ? undefined
      : providersFor(configuration.rules, group.resource);
  const { form } = group;
  const answer = (result: TrialResult, stale = false, kmsKeyId: string | null = null): Trial => ({
    group,
    result,
    kmsKeyId,
    stale,
  });
  if (!isEncryption(form)) {
    if (providers === undefined || form === 'other') return answer('plain');
    const readable = providers.some(({ kind }) => kind === 'identity');
    return answer(readable ? 'plain' : 'no-identity', providers[0]?.kind !== 'identity');
  }
  if (form === 'unknown' || group.sample === null) return answer('unknown');
  if (form === 'kms-v1' || form === 'kms-v2') {
    const header = kmsHeader(form, group.sample);
    if (header === undefined) return answer('unknown');
    const at = providers?.findIndex((each) => each.kind === form && each.name === group.keyName) ?? -1;
    return answer(at === -1 ? 'no-key' : 'needs-kms', at > 0, header.keyId);
  }
  return openWith(providers ?? [], form, group.sample, answer);
}

/** As apiserver: every key whose prefix the value begins with, one after another, until one opens it. */
function openWith(
  providers: readonly EncryptionProvider[],
  form: Exclude<Encryption, 'unknown' | 'kms-v1' | 'kms-v2'>,
  { key, value }: StoredPair,
  answer: (result: TrialResult, stale?: boolean) => Trial,
): Trial {
  const bytes = Buffer.from(value);
  let named = false;
  for (const [at, provider] of providers.entries()) {
    if (provider.kind !== form) continue;
    for (const [index, { name, secret }] of provider.keys.entries()) {
      const prefix = Buffer.from(`${envelopePrefixes[form]}${name}:`);
      if (!bytes.subarray(0, prefix.length).equals(prefix)) continue;
      named = true;
      const plain = openPayload(form, secret, value.subarray(prefix.length), key);
      if (plain !== undefined && isObject(plain)) return answer('opened', at > 0 || index > 0);
    }
  }
  return answer(named ? 'wrong-key' : 'no-key');
}

function kmsHeader(form: 'kms-v1' | 'kms-v2', { value }: StoredPair): KmsHeader | undefined {
  const payload = value.subarray(readEnvelope(value).payloadAt);
  return form === 'kms-v1' ? readKmsV1(payload) : readKmsV2(payload);
}

/**
 * Nothing but the content tells whether aescbc opened it or only met a padding by chance, which one wrong key in 256 does.
 * Of JSON the first byte alone would be met too often as well.
 */
function isObject(plain: Uint8Array): boolean {
  const form = plainForm(plain);
  if (form !== 'json') return form !== 'other';
  try {
    JSON.parse(Buffer.from(plain).toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
