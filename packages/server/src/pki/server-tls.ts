import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import type { SecureContextOptions, Server, TlsOptions } from 'node:tls';
import { Failure } from '@holdfast/base';
import type { ServerContext } from '../context.ts';
import { repeat } from '../repeat.ts';
import { earlierMs, signing, type Authority } from './authority.ts';

/** TLS of the one port that serves people and agents. */
export interface ServerTls {
  /** For `https` of fastify: TLS 1.2 at least; client certificates are asked for and looked at by agentCaller. */
  readonly options: TlsOptions;
  /**
   * Looks each minute whether another certificate is to be shown, and gives it to the server: new connections see it,
   * others go on. Its own one is made anew when the names have changed, or a third of its 90 days is left; files of a
   * person are read again when they have changed.
   */
  run(server: Pick<Server, 'setSecureContext'>, signal: AbortSignal): Promise<void>;
}

/** A certificate of a person's own CA, with its chain, and its key: two files in PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

const day = 24 * 3_600_000;
const lifeMs = 90 * day;
const minute = 60_000;

/** What is shown, and by what it is told that it has to be another. */
interface Shown {
  readonly secure: Required<Pick<SecureContextOptions, 'cert' | 'key'>>;
  readonly names: string;
  readonly renewAt: number;
}

/**
 * The server's TLS, by the fleet's own CA or by a person's files. Agents' certificates are of the fleet's CA in any case.
 *
 * @param advertised names, addresses or URLs by which the server is reached, beside this machine's own
 * @throws Failure file-unreadable, certificate-files-invalid
 */
export async function serverTls(
  context: Pick<ServerContext, 'clock' | 'log'>,
  authority: Authority,
  { advertised, files }: { readonly advertised: readonly string[]; readonly files: CertificateFiles | null },
): Promise<ServerTls> {
  const make = (): Promise<Shown> =>
    files === null ? issue(context.clock.now().getTime(), authority, advertised) : read(files);
  let shown = await make();
  const withCa = (): SecureContextOptions => ({
    ...shown.secure,
    ca: authority.certificate,
    minVersion: 'TLSv1.2',
  });
  const look = async (server: Pick<Server, 'setSecureContext'>): Promise<void> => {
    const isOld =
      files !== null ||
      context.clock.now().getTime() >= shown.renewAt ||
      serverNames(advertised).join() !== shown.names;
    if (!isOld) return;
    const next = await make();
    if (files !== null && next.names === shown.names) return;
    shown = next;
    server.setSecureContext(withCa());
    context.log.info('the server shows a new certificate');
  };
  return {
    options: { ...withCa(), requestCert: true, rejectUnauthorized: false },
    run: async (server, signal) => {
      const failed = 'the certificate of the server could not be renewed';
      await repeat(context, { everyMs: minute, failed, work: async () => look(server) }, signal);
    },
  };
}

/** Issues a certificate for a key that is made for it and never leaves this process. */
async function issue(now: number, authority: Authority, advertised: readonly string[]): Promise<Shown> {
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const names = serverNames(advertised);
  const certificate = await authority.sign({
    publicKey: new Uint8Array(await webcrypto.subtle.exportKey('spki', keys.publicKey)),
    subject: [{ CN: ['Holdfast server'] }],
    names: names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })),
    usages: ['server'],
    notBefore: new Date(now - earlierMs),
    notAfter: new Date(now + lifeMs),
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const pem = createPrivateKey({ key, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  });
  return {
    secure: { cert: certificate, key: pem },
    names: names.join(),
    renewAt: now + (lifeMs * 2) / 3,
  };
}

/** The names that the server's certificate is for: what is advertised, the host name, and this machine's own addresses. */
function serverNames(advertised: readonly string[]): readonly string[] {
  const plain = advertised.map((each) => {
    const host = URL.canParse(each) && each.includes('://') ? new URL(each).hostname : each;
    return host.replace(/^\[(.*)\]$/, '$1');
  });
  // Those of one link alone come and go, and nobody is given them.
  const addresses = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .flatMap(({ address, internal }) => (internal || /^fe80:/i.test(address) ? [] : [address]));
  const own = [hostname(), 'localhost', '127.0.0.1', '::1', ...addresses.toSorted()];
  return [...new Set([...plain, ...own])].filter((name) => isIP(name) !== 0 || isDnsName(name));
}

function isDnsName(name: string): boolean {
  return /^(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_-]*)(?:\.[A-Za-z0-9_-]+)*$/.test(name) && name.length <= 253;
}

async function read({ certificate, key }: CertificateFiles): Promise<Shown> {
  const [cert, secret] = await Promise.all([readPem(certificate), readPem(key)]);
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(secret)))
      throw new Failure('certificate-files-invalid', `the key ${key} is not of the certificate`, {
        path: certificate,
      });
  } catch (error) {
    if (error instanceof Failure) throw error;
    // The reason could show a part of the key.
    throw new Failure('certificate-files-invalid', 'a certificate with its chain, and a key, both in PEM', {
      path: certificate,
    });
  }
  return { secure: { cert, key: secret }, names: cert.toString(), renewAt: Number.POSITIVE_INFINITY };
}

async function readPem(path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Failure('file-unreadable', error.code ?? error.message, { path });
  });
}
