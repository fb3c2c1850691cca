import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { formatDuration, limits, type Clock } from '@holdfast/base';
import type { Findings } from './report.ts';

const dayMs = 86_400_000;
const warnMs = 30 * dayMs;

/** A file of certificates that is used for the connection. */
export interface CertificateFile {
  readonly path: string;
  readonly pem: Buffer;
}

/** Whether the certificates of a file are valid now, and for how long. The file may hold other things too. */
export function checkCertificateFile(findings: Findings, { path, pem }: CertificateFile, now: Date): void {
  const blocks =
    pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const certificates = blocks.flatMap((block) => parsed(block));
  if (certificates.length === 0) {
    const fix = 'Give a file with certificates in PEM.';
    return findings.failed('certificate', `${path}: none can be read in it`, 'credentials', fix);
  }
  // Of a chain the first to end is the one that counts.
  const [first] = certificates.toSorted((a, b) => a.validToDate.getTime() - b.validToDate.getTime());
  judge(findings, 'certificate', path, first!, now);
}

/** The same of what an endpoint shows. Nothing is said where it shows none; whether it is trusted is another check's. */
export async function checkServerCertificate(
  findings: Findings,
  endpoint: string,
  clock: Clock,
): Promise<void> {
  if (!endpoint.startsWith('https:')) return;
  const shown = await shownBy(endpoint, clock);
  if (shown !== undefined)
    judge(findings, 'server certificate', shown.subject || endpoint, shown, clock.now());
}

function judge(
  findings: Findings,
  check: string,
  what: string,
  { validFromDate, validToDate }: X509Certificate,
  now: Date,
): void {
  const left = validToDate.getTime() - now.getTime();
  const until = validToDate.toISOString().slice(0, 10);
  if (validFromDate > now) {
    const found = `${what}: valid from ${validFromDate.toISOString()} on only`;
    return findings.failed(
      check,
      found,
      'setup',
      "Set this machine's clock, or have the certificate made anew.",
    );
  }
  const fix =
    'Have it made anew: with `kubeadm certs renew`, by restarting k3s or rke2, or by whoever signs here.';
  if (left <= 0) return findings.failed(check, `${what}: ended on ${until}`, 'credentials', fix);
  const found = `${what}: valid until ${until}, ${formatDuration(left)} from now`;
  if (left < warnMs) findings.warning(check, found, 'credentials', fix);
  else findings.ok(check, found);
}

function parsed(block: string): X509Certificate[] {
  try {
    return [new X509Certificate(block)];
  } catch {
    return [];
  }
}

/** The certificate alone is looked at: nothing is sent, so nobody has to be trusted. */
async function shownBy(endpoint: string, clock: Clock): Promise<X509Certificate | undefined> {
  const { hostname, port } = new URL(endpoint);
  const done = new AbortController();
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port),
    rejectUnauthorized: false,
  });
  try {
    return await new Promise((resolve) => {
      socket.once('secureConnect', () => resolve(socket.getPeerX509Certificate()));
      socket.once('error', () => resolve(undefined));
      clock.sleep(limits.etcdProbeMs, done.signal).then(
        () => resolve(undefined),
        () => undefined,
      );
    });
  } finally {
    done.abort();
    socket.destroy();
  }
}
