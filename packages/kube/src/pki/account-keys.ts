import type { KeyObject } from 'node:crypto';
import type { Files } from './certificate-sight.ts';
import { samePair } from './keys.ts';
import type { AccountKeys } from './layout.ts';
import { parsePem } from './pem.ts';

/** What was found out about the pair of keys for the tokens of ServiceAccounts. */
export type AccountKeySight =
  | 'pair'
  | 'no-public-file'
  | 'differs'
  | 'unsuitable'
  | 'private-missing'
  | 'public-missing'
  | 'unreadable';

/** The kinds that sign tokens: RS256, and ES256, ES384 or ES512. */
const signingKinds: readonly (string | undefined)[] = ['rsa', 'ec'];

/** Whether tokens signed with the private key are known by the public one. Files may hold several public keys. */
export function lookAtAccountKeys(places: AccountKeys, files: Files): AccountKeySight {
  const privateFile = files.get(places.privateKey);
  if (privateFile === undefined) return 'private-missing';
  const [privateKey] = parsePem(privateFile).privateKeys;
  if (privateKey === undefined) return 'unreadable';
  if (!signingKinds.includes(privateKey.asymmetricKeyType)) return 'unsuitable';
  if (places.publicKey === undefined) return 'no-public-file';
  const publicFile = files.get(places.publicKey);
  if (publicFile === undefined) return 'public-missing';
  const known = publicKeysOf(publicFile);
  if (known.length === 0) return 'unreadable';
  return known.some((key) => samePair(key, privateKey)) ? 'pair' : 'differs';
}

/** As kube-apiserver reads `--service-account-key-file`: public keys, certificates, or private keys. */
function publicKeysOf(content: Uint8Array): KeyObject[] {
  const { publicKeys, certificates, privateKeys } = parsePem(content);
  return [...publicKeys, ...certificates.map(({ publicKey }) => publicKey), ...privateKeys];
}
