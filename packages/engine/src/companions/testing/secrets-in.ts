import { createHash } from 'node:crypto';
import type { CollectedNode } from '../collect-node.ts';

/** Characters of a piece of a secret that would give it away. */
const telling = 12;

/** Which secrets of a node a text gives away: their lines and words, in base64 and hexadecimal too, and their hashes. */
export function secretsIn(text: string, { files }: Pick<CollectedNode, 'files'>): string[] {
  const found: string[] = [];
  for (const { path, secret, content } of files) {
    if (!secret) continue;
    const whole = Buffer.from(content);
    const words = whole
      .toString('latin1')
      // Certificates are public, and paths are no secret.
      .replaceAll(/-----BEGIN (CERTIFICATE|PUBLIC KEY)-----[^-]*-----END \1-----/g, '')
      .split(/[\s"',:{}[\]]+/)
      .filter((word) => word.length >= telling && !word.startsWith('/') && !publicWords.has(word));
    const pieces = [
      whole,
      Buffer.from(whole.toString('latin1').trim(), 'latin1'),
      ...words.map((word) => Buffer.from(word, 'latin1')),
    ].flatMap((bytes) => [
      bytes.toString('latin1'),
      bytes.toString('base64'),
      bytes.toString('hex'),
      // K3s and RKE2 name their bootstrap data by the first twelve digits of the token's hash.
      createHash('sha256').update(bytes).digest('hex').slice(0, 12),
    ]);
    if (pieces.some((piece) => text.includes(piece))) found.push(path);
  }
  return found;
}

/** What every configuration of its kind has. */
const publicWords = new Set([
  'EncryptionConfiguration',
  'apiserver.config.k8s.io/v1',
  'desiredState',
  'kind',
  'identity',
]);
