import { createHash, webcrypto, X509Certificate } from 'node:crypto';
import { Failure } from '@holdfast/base';
import type { ServerContext } from '../context.ts';
import * as x509 from './x509.ts';

/** The fleet's own CA: it signs the server's certificate and those of agents, and nothing else counts for agents. */
export interface Authority {
  /** PEM. */
  readonly certificate: string;
  /** SHA-256 of its DER, hexadecimal: what a join command names, so that an agent knows the server at its first call. */
  readonly sha256: string;
  /** The same certificate, for checks. */
  readonly parsed: X509Certificate;
  /** Signs what was checked before. @returns PEM */
  sign(wanted: WantedCertificate): Promise<string>;
}

/** What a certificate is to say, beside what all of this CA say. */
interface WantedCertificate {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly subject: x509.JsonName;
  readonly names: x509.JsonGeneralNames;
  readonly usages: readonly ('server' | 'client')[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** P-256, and what every certificate of this CA is signed with. */
export const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const setting = 'authority';
const lifeMs = 10 * 365 * 24 * 3_600_000;
/** Certificates begin earlier than now, since clocks of others may be behind. */
export const earlierMs = 3_600_000;

/**
 * Opens the CA that the store keeps sealed, or makes it where there is none; replicas that begin at once agree on one.
 *
 * @throws Failure secret-unreadable: the server has another key than the store was begun with
 */
export async function openAuthority(
  context: Pick<ServerContext, 'store' | 'sealer' | 'clock' | 'random'>,
): Promise<Authority> {
  const { store, sealer } = context;
  const stored =
    (await store.settings.get(setting)) ??
    (await store.settings.setOnce(setting, sealer.seal(setting, await makeAuthority(context))));
  const { certificate, key } = JSON.parse(Buffer.from(sealer.open(setting, stored)).toString()) as Record<
    'certificate' | 'key',
    string
  >;
  const signingKey = await webcrypto.subtle.importKey('pkcs8', Buffer.from(key, 'base64'), signing, false, [
    'sign',
  ]);
  const ca = new x509.X509Certificate(certificate);
  const issuer = {
    name: ca.subjectName,
    notAfter: ca.notAfter,
    key: signingKey,
    keyIdentifier: await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
  };
  return {
    certificate,
    sha256: createHash('sha256').update(Buffer.from(ca.rawData)).digest('hex'),
    parsed: new X509Certificate(certificate),
    sign: (wanted) => sign(wanted, issuer, context.random),
  };
}

/** What every certificate has of the CA; reckoned once. */
interface Issuer {
  readonly name: x509.Name;
  readonly notAfter: Date;
  readonly key: webcrypto.CryptoKey;
  readonly keyIdentifier: x509.AuthorityKeyIdentifierExtension;
}

async function sign(
  wanted: WantedCertificate,
  issuer: Issuer,
  random: ServerContext['random'],
): Promise<string> {
  if (wanted.notAfter > issuer.notAfter)
    throw new Failure('authority-ended', `it ends on ${issuer.notAfter.toISOString().slice(0, 10)}`);
  const publicKey = new x509.PublicKey(asBuffer(wanted.publicKey));
  const usages = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth };
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(random),
    subject: wanted.subject,
    issuer: issuer.name,
    notBefore: wanted.notBefore,
    notAfter: wanted.notAfter,
    signingAlgorithm: signing,
    publicKey,
    signingKey: issuer.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(wanted.usages.map((usage) => usages[usage])),
      new x509.SubjectAlternativeNameExtension(wanted.names),
      new x509.SubjectKeyIdentifierExtension(keyIdentifier(wanted.publicKey)),
      issuer.keyIdentifier,
    ],
  });
  return `${made.toString('pem')}\n`;
}

/** @returns JSON with certificate (PEM) and key (PKCS #8, base64) */
async function makeAuthority({
  clock,
  random,
}: Pick<ServerContext, 'clock' | 'random'>): Promise<Uint8Array> {
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const now = clock.now().getTime();
  const name = Buffer.from(random(4)).toString('hex');
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(random),
    // Every fleet has another name, so that a machine can trust several.
    name: [{ CN: [`Holdfast fleet ${name}`] }],
    notBefore: new Date(now - earlierMs),
    notAfter: new Date(now + lifeMs),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return Buffer.from(JSON.stringify({ certificate: `${made.toString('pem')}\n`, key }));
}

/** A positive number of 127 bits. */
function serialNumber(random: ServerContext['random']): string {
  const bytes = Buffer.from(random(16));
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** RFC 7093, section 2, method 4: 160 bits of a SHA-256 of the SubjectPublicKeyInfo. */
function keyIdentifier(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 40);
}

function asBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
