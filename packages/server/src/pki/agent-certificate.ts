import { createPublicKey, type KeyObject } from 'node:crypto';
import { Failure } from '@holdfast/base';
import type { ServerContext } from '../context.ts';
import { earlierMs, type Authority } from './authority.ts';
import * as x509 from './x509.ts';

const day = 24 * 3_600_000;
const lifeMs = 30 * day;
const renewMs = 10 * day;

/** An agent's certificate. */
export interface AgentCertificate {
  /** PEM. */
  readonly certificate: string;
  /** When it ends, as the store of nodes keeps it. */
  readonly notAfter: string;
}

/**
 * Signs a certificate for a node: `CN=<node>, O=<cluster>`, the names `<node>.node.holdfast` and
 * `holdfast:cluster:<cluster>:node:<node>`, for client and server (nodes serve each other during restores), for 30 days.
 *
 * @param csr PEM of a PKCS #10 request. Only its public key counts: P-256, or RSA of 2048 to 8192 bits; whoever sends it
 *   has to have signed it with the private key, by SHA-2
 * @throws Failure csr-invalid
 */
export async function issueAgentCertificate(
  context: Pick<ServerContext, 'clock'>,
  authority: Authority,
  csr: string,
  { node, cluster }: { readonly node: string; readonly cluster: string },
): Promise<AgentCertificate> {
  return await certifyKey(context, authority, await provenKey(csr), { node, cluster });
}

/**
 * The same for a key that was proven before.
 *
 * @param publicKey what provenKey has told
 */
export async function certifyKey(
  context: Pick<ServerContext, 'clock'>,
  authority: Authority,
  publicKey: Uint8Array,
  { node, cluster }: { readonly node: string; readonly cluster: string },
): Promise<AgentCertificate> {
  const now = context.clock.now().getTime();
  // Certificates know no milliseconds.
  const notAfter = new Date(Math.floor((now + lifeMs) / 1_000) * 1_000);
  const certificate = await authority.sign({
    publicKey,
    subject: [{ CN: [node] }, { O: [cluster] }],
    names: [
      { type: 'dns', value: `${node}.node.holdfast` },
      { type: 'url', value: `holdfast:cluster:${cluster}:node:${node}` },
    ],
    usages: ['client', 'server'],
    notBefore: new Date(now - earlierMs),
    notAfter,
  });
  return { certificate, notAfter: notAfter.toISOString() };
}

/** Whether an agent is to renew its certificate now: 10 days before its end. @param notAfter null: it is not known */
export function isRenewalDue(notAfter: string | null, now: Date): boolean {
  return notAfter === null || Date.parse(notAfter) - now.getTime() <= renewMs;
}

/** When a certificate that ends then was issued. */
export function issuedAt(notAfter: string): Date {
  return new Date(Date.parse(notAfter) - lifeMs);
}

/**
 * The public key of a request that was signed with its private one: SubjectPublicKeyInfo, DER.
 *
 * @throws Failure csr-invalid
 */
export async function provenKey(pem: string): Promise<Uint8Array> {
  const [, base64] =
    /^\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/.exec(
      pem,
    ) ?? [];
  if (base64 === undefined) throw new Failure('csr-invalid', 'it is not one request in PEM');
  const { spki, key, hash, isProven } = await read(base64);
  if (!isProven) throw new Failure('csr-invalid', 'its signature is not of its key');
  if (!isStrong(key))
    throw new Failure('csr-invalid', 'its key is neither P-256 nor RSA of 2048 to 8192 bits');
  if (!['SHA-256', 'SHA-384', 'SHA-512'].includes(hash))
    throw new Failure('csr-invalid', `it is signed by ${hash}`);
  return spki;
}

async function read(
  base64: string,
): Promise<{ spki: Uint8Array; key: KeyObject; hash: string; isProven: boolean }> {
  try {
    const request = new x509.Pkcs10CertificateRequest(Buffer.from(base64, 'base64'));
    const spki = new Uint8Array(request.publicKey.rawData);
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    // A key that is too large takes too long to be looked at.
    const isProven = isStrong(key) && (await request.verify());
    return { spki, key, hash: request.signatureAlgorithm.hash.name, isProven: isProven || !isStrong(key) };
  } catch {
    throw new Failure('csr-invalid', 'it cannot be read');
  }
}

function isStrong({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): boolean {
  if (asymmetricKeyType === 'ec') return details?.namedCurve === 'prime256v1';
  const bits = details?.modulusLength ?? 0;
  const exponent = details?.publicExponent ?? 0n;
  return (
    asymmetricKeyType === 'rsa' && bits >= 2048 && bits <= 8192 && exponent >= 65_537n && exponent < 2n ** 32n
  );
}
