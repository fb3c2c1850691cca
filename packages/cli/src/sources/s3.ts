import { readFile } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import type { S3Encryption, S3Settings } from '@holdfast/repository';
import { parseEncryption, parseLock } from '@holdfast/repository/s3-words';
import type { DescribedS3 } from '../settings/places.ts';
import { parseCredentials } from './credentials-file.ts';
import { readSecretBytes, readSecretFile } from './secret-file.ts';

/**
 * The settings of a bucket with what their files hold.
 *
 * @throws file-unreadable, secret-file-exposed, credentials-file-invalid, config-invalid
 */
export async function s3SettingsOf(described: DescribedS3): Promise<S3Settings> {
  const { caFile, credentialsFile, encryption, lock, partSize, ...same } = described;
  return {
    ...same,
    ...(caFile !== undefined && { ca: await readText(caFile) }),
    ...(credentialsFile !== undefined && {
      credentials: parseCredentials(await readSecretFile(credentialsFile), credentialsFile),
    }),
    ...(encryption !== undefined && { encryption: await encryptionOf(encryption) }),
    ...(lock !== undefined && { lock: parseLock(lock) }),
    ...(partSize !== undefined && { partBytes: partSize }),
  };
}

/** The key of `customer` is 32 bytes, as they are or in base64. */
async function encryptionOf(text: string): Promise<S3Encryption> {
  const word = parseEncryption(text);
  if (word.kind !== 'customer') return word;
  const bytes = await readSecretBytes(word.file);
  if (bytes.length === 32) return { kind: 'customer', key: bytes };
  const key = Buffer.from(bytes.toString('latin1').trim(), 'base64');
  if (key.length === 32) return { kind: 'customer', key };
  const why = `the key in ${word.file} is neither 32 bytes nor base64 of them`;
  throw new Failure('config-invalid', why, { source: 'of the S3 repository' });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
}
