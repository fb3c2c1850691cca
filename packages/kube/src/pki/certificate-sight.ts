import { isIP } from 'node:net';
import type { X509Certificate } from 'node:crypto';
import { samePair } from './keys.ts';
import type { CertificatePlace } from './layout.ts';
import { parsePem } from './pem.ts';

/** Files by absolute path, as they were on a node. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** What was found out about one certificate. */
export interface CertificateSight {
  readonly place: CertificatePlace;
  /** Null when the file holds no certificate that can be read. */
  readonly certificate: X509Certificate | null;
  readonly validity: 'valid' | 'expired' | 'ends-soon' | 'not-yet' | 'unknown';
  /** Whether its CA signed it; `ca-missing` when that is not among the files. */
  readonly chain: 'signed' | 'not-signed' | 'self-signed' | 'ca-missing' | 'unknown';
  readonly key: 'fits' | 'differs' | 'missing' | 'unreadable' | 'unknown';
  /** Wanted names and addresses that it does not hold. */
  readonly missingNames: readonly string[];
}

/** What certificates are judged by. */
export interface PkiQuestion {
  readonly now: Date;
  /** DNS names and addresses that API servers are reached by. */
  readonly names: readonly string[];
}

const day = 24 * 3_600_000;
/** Certificates that end within this time are named: kubeadm and K3s renew theirs earlier where they run. */
const endsSoonMs = 30 * day;

/** Looks at the certificate of a place; undefined when its file is not there. */
export function lookAtCertificate(
  place: CertificatePlace,
  files: Files,
  { now, names }: PkiQuestion,
): CertificateSight | undefined {
  const content = files.get(place.certificate);
  if (content === undefined) return undefined;
  const [certificate] = parsePem(content).certificates;
  if (certificate === undefined)
    return {
      place,
      certificate: null,
      validity: 'unknown',
      chain: 'unknown',
      key: 'unknown',
      missingNames: [],
    };
  return {
    place,
    certificate,
    validity: validityAt(certificate, now),
    chain: chainOf(certificate, place, files),
    key: keyOf(certificate, files.get(place.key)),
    missingNames: place.role === 'api' ? names.filter((name) => !holdsName(certificate, name)) : [],
  };
}

function validityAt(certificate: X509Certificate, now: Date): CertificateSight['validity'] {
  const left = certificate.validToDate.getTime() - now.getTime();
  if (certificate.validFromDate > now) return 'not-yet';
  if (left <= 0) return 'expired';
  return left < endsSoonMs ? 'ends-soon' : 'valid';
}

function chainOf(
  certificate: X509Certificate,
  { ca }: CertificatePlace,
  files: Files,
): CertificateSight['chain'] {
  if (ca === undefined) return signedBy(certificate, certificate) ? 'self-signed' : 'unknown';
  const content = files.get(ca);
  if (content === undefined) return 'ca-missing';
  return parsePem(content).certificates.some((issuer) => signedBy(certificate, issuer))
    ? 'signed'
    : 'not-signed';
}

function signedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function keyOf(certificate: X509Certificate, content: Uint8Array | undefined): CertificateSight['key'] {
  if (content === undefined) return 'missing';
  const [key] = parsePem(content).privateKeys;
  if (key === undefined) return 'unreadable';
  return samePair(certificate.publicKey, key) ? 'fits' : 'differs';
}

function holdsName(certificate: X509Certificate, name: string): boolean {
  const found =
    isIP(name) === 0 ? certificate.checkHost(name, { subject: 'never' }) : certificate.checkIP(name);
  return found !== undefined;
}
