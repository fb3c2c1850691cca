import { connect } from 'node:tls';
import { Failure, limits, type Clock } from '@holdfast/base';
import type { TlsIdentity } from './channel.ts';
import type { Endpoint } from './endpoint.ts';

/** What OpenSSL and Node call the ways in which TLS fails, and what that means to a user. */
const tlsFaults: readonly [RegExp, string][] = [
  [
    /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED/,
    'its certificate is not signed by a trusted CA',
  ],
  [/^CERT_HAS_EXPIRED/, 'its certificate has expired'],
  [/^CERT_NOT_YET_VALID/, 'its certificate is not valid yet'],
  [/ALERT_CERTIFICATE_REQUIRED/, 'it wants a client certificate, and none was given'],
  [
    /ALERT_\w*(BAD_CERTIFICATE|UNKNOWN_CA|DECRYPT_ERROR|EXPIRED|UNKNOWN|UNSUPPORTED_CERT)/,
    'it refused the client certificate',
  ],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/, 'it does not speak TLS; it may serve http'],
];

/**
 * Says why a connection could not be made or was lost: `etcd-tls` or `etcd-unreachable`. A server that refuses a
 * certificate just closes, and its reason may be lost to a reset; so it is asked again by a bare handshake.
 */
export async function connectionFailure(
  endpoint: Endpoint,
  tls: TlsIdentity | undefined,
  clock: Clock,
  cause: unknown,
): Promise<Failure> {
  const failure = (why: string, code: 'etcd-tls' | 'etcd-unreachable' = 'etcd-tls'): Failure =>
    new Failure(code, why, { endpoint: endpoint.url }, { cause });
  if (isNetworkFault(cause)) return failure(messageOf(cause), 'etcd-unreachable');
  const said = tlsFault(cause);
  if (said !== undefined) return failure(said);
  const found = await handshake(endpoint, tls, clock);
  if (!endpoint.secure) {
    if (found === 'agreed') return failure('it serves https, and http was asked for');
  } else if (found !== 'agreed') {
    const asked = tlsFault(found);
    if (asked !== undefined) return failure(asked);
  }
  return failure(messageOf(cause), 'etcd-unreachable');
}

function isNetworkFault(error: unknown): boolean {
  return /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|EADDR)/.test(codeOf(error));
}

function tlsFault(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return messageOf(error);
  return tlsFaults.find(([pattern]) => pattern.test(code))?.[1];
}

/** Makes a TLS handshake and waits for the server to object, which in TLS 1.3 it does only afterwards. */
async function handshake(endpoint: Endpoint, tls: TlsIdentity | undefined, clock: Clock): Promise<unknown> {
  const done = new AbortController();
  const socket = connect({
    host: endpoint.host,
    port: endpoint.port,
    ALPNProtocols: ['h2'],
    // Over plain http the question is only whether TLS is spoken; nothing is sent.
    rejectUnauthorized: endpoint.secure,
    ...(tls && { secureContext: tls.context }),
    ...(tls?.serverName !== undefined && { servername: tls.serverName }),
  });
  try {
    return await new Promise((resolve) => {
      socket.on('error', resolve);
      socket.once('data', () => resolve('agreed'));
      if (!endpoint.secure) socket.once('secureConnect', () => resolve('agreed'));
      socket.once('close', () => resolve('closed'));
      clock.sleep(limits.etcdProbeMs, done.signal).then(() => resolve('silent'), resolve);
    });
  } finally {
    done.abort();
    socket.destroy();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function messageOf(error: unknown): string {
  // A name with several addresses that all refuse comes as one error without words of its own.
  if (error instanceof AggregateError) return [...new Set(error.errors.map(messageOf))].join('; ');
  return error instanceof Error ? error.message : String(error);
}
