import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';

/** What a PEM file holds, in its order. Blocks that cannot be read are left out. */
export interface PemContent {
  readonly certificates: readonly X509Certificate[];
  readonly privateKeys: readonly KeyObject[];
  readonly publicKeys: readonly KeyObject[];
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;

/** Reads certificates and keys of a PEM file; what is not PEM gives nothing. Never throws. */
export function parsePem(content: Uint8Array): PemContent {
  const certificates: X509Certificate[] = [];
  const privateKeys: KeyObject[] = [];
  const publicKeys: KeyObject[] = [];
  const text = Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1');
  for (const [pem, label = ''] of text.matchAll(block)) {
    try {
      if (label === 'CERTIFICATE') certificates.push(new X509Certificate(pem));
      else if (label.endsWith('PRIVATE KEY')) privateKeys.push(createPrivateKey(pem));
      else if (label.endsWith('PUBLIC KEY')) publicKeys.push(createPublicKey(pem));
    } catch {
      // Damaged, or sealed with a passphrase: as good as not there.
    }
  }
  return { certificates, privateKeys, publicKeys };
}
