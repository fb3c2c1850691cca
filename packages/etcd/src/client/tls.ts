import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { Failure } from '@holdfast/base';
import type { TlsIdentity } from './channel.ts';

/** PEM files as read: the CA that signed etcd's certificate, and this client's own certificate and key. */
export interface TlsFiles {
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
}

/**
 * Prepares TLS once for all endpoints. Without a CA those of Node are trusted.
 *
 * @throws Failure usage: a certificate without its key or the reverse; a file that holds no such thing; a key that
 * belongs to another certificate
 */
export function tlsIdentity(files: TlsFiles, serverName?: string): TlsIdentity {
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new Failure('usage', 'a client certificate and its key must be given together');
  }
  // OpenSSL leaves out what it cannot read among CAs, and would then trust nobody.
  if (files.ca !== undefined) checkCertificate(files.ca, 'the CA file');
  if (files.cert !== undefined) checkCertificate(files.cert, 'the client certificate file');
  try {
    const context = createSecureContext({
      ...(files.ca && { ca: Buffer.from(files.ca) }),
      ...(files.cert && { cert: Buffer.from(files.cert) }),
      ...(files.key && { key: Buffer.from(files.key) }),
    });
    return {
      context,
      hasCertificate: files.cert !== undefined,
      ...(serverName !== undefined && { serverName }),
    };
  } catch (cause) {
    throw new Failure('usage', `the client key cannot be used: ${keyFault(cause)}`, {}, { cause });
  }
}

function checkCertificate(pem: Uint8Array, what: string): void {
  try {
    void new X509Certificate(pem);
  } catch (cause) {
    throw new Failure('usage', `${what} holds no certificate in PEM form`, {}, { cause });
  }
}

function keyFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') return 'it belongs to another certificate';
  if (/BAD_DECRYPT|BAD_PASSWORD|INTERRUPTED_OR_CANCELLED/.test(code))
    return 'it is encrypted; give a plain one';
  return 'it is no private key in PEM form';
}
