import type { StoredSecret } from '@holdfast/model';
import type { PublicKey } from '../object/keys/public-key.ts';
import type { SecretKey } from '../object/keys/secret-key.ts';
import { sealSecret, type SealedSecret } from './secret.ts';

/**
 * Seals secret keys for another key, so that its holder can open what was sealed for them. Those that he can open by one
 * that he has, or is given, are left out.
 *
 * @param secrets what the key list has already
 */
export async function handOver(
  keys: readonly SecretKey[],
  to: PublicKey,
  secrets: readonly StoredSecret[],
  at: Date,
): Promise<SealedSecret[]> {
  const sealed: SealedSecret[] = [];
  const reached = reachable([to.text], secrets);
  for (const key of keys) {
    if (reached.has(key.publicKey.text)) continue;
    sealed.push(await sealSecret(key, at, { recipients: [to] }));
    for (const each of reachable([...reached, key.publicKey.text], secrets)) reached.add(each);
  }
  return sealed;
}

/** The keys that are opened by those given, by one that they open, and so on; they themselves too. */
function reachable(from: readonly string[], secrets: readonly StoredSecret[]): Set<string> {
  const reached = new Set(from);
  for (let before = -1; before < reached.size;) {
    before = reached.size;
    for (const { recipient, sealedFor } of secrets) {
      if (sealedFor !== 'passphrase' && sealedFor.some((each) => reached.has(each))) reached.add(recipient);
    }
  }
  return reached;
}
