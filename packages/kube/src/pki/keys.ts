import { createHash, createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';

/** The public key's SubjectPublicKeyInfo in DER; of a private key that of its other half. */
function spkiOf(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** The hash by which kubeadm knows a CA (`--discovery-token-ca-cert-hash`): `sha256:` and that of its SPKI. */
export function discoveryHash(ca: X509Certificate): string {
  return `sha256:${createHash('sha256').update(spkiOf(ca.publicKey)).digest('hex')}`;
}

/** Whether two keys are of one pair, or the same. */
export function samePair(a: KeyObject, b: KeyObject): boolean {
  return spkiOf(a).equals(spkiOf(b));
}
