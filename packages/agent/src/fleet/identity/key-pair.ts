import 'reflect-metadata';
import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isFailure, Failure } from '@holdfast/base';
import { writeDurably } from '@holdfast/engine';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * The private key of this agent, PEM (PKCS #8, P-256); made, and on the disk, where there is none yet. It never leaves this
 * machine.
 *
 * @throws Failure file-unreadable, file-unwritable, disk-full
 */
export async function ownKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (isFailure(cause) || (cause as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await writeDurably(path, pem);
  return pem;
}

/** A request for a certificate of this key, PEM (PKCS #10). What it says of its subject counts for nothing. */
export async function certificateRequest(key: string, name: string): Promise<string> {
  const own = createPrivateKey(key);
  const { subtle } = webcrypto;
  const privateKey = await subtle.importKey(
    'pkcs8',
    own.export({ type: 'pkcs8', format: 'der' }),
    algorithm,
    false,
    ['sign'],
  );
  const publicKey = await subtle.importKey(
    'spki',
    createPublicKey(own).export({ type: 'spki', format: 'der' }),
    algorithm,
    true,
    ['verify'],
  );
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name.slice(0, 64)] }],
    keys: { privateKey, publicKey },
    signingAlgorithm: algorithm,
  });
  return request.toString('pem');
}
