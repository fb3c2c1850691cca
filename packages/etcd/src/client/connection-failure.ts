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
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/, 'it does not speak TLS; it may serve http'],
];

/** The alerts that a server sends when it does not take the client's certificate, or gets none. */
const certificateAlert = /ALERT_\w*(CERT|UNKNOWN_CA|DECRYPT_ERROR|HANDSHAKE_FAILURE)/;

/** Says why a connection could not be made or was lost: `etcd-tls` or `etcd-unreachable`. */
export async function connectionFailure(
  endpoint: Endpoint,
  tls: TlsIdentity | undefined,
  clock: Clock,
  cause: unknown,
): Promise<Failure> {
  const failure = (code: 'etcd-tls' | 'etcd-unreachable', why: string): Failure =>
    new Failure(code, why, { endpoint: endpoint.url }, { cause });
  if (endpoint.secure) {
    const fault = tlsFault(cause, tls?.hasCertificate === true);
    if (fault !== undefined) return failure('etcd-tls', fault);
  } else if (!isNetworkFault(cause) && (await speaksTls(endpoint, clock))) {
    return failure('etcd-tls', 'it serves https, and http was asked for');
  }
  return failure('etcd-unreachable', messageOf(cause));
}

function isNetworkFault(error: unknown): boolean {
  return /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|EADDR)/.test(codeOf(error));
}

function tlsFault(error: unknown, hasCertificate: boolean): string | undefined {
  const code = codeOf(error);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return messageOf(error);
  if (certificateAlert.test(code)) {
    return hasCertificate
      ? 'it refused the client certificate'
      : 'it wants a client certificate, and none was given';
  }
  if (messageOf(error).includes('before secure TLS connection'))
    return 'it broke off the handshake; it may serve http';
  return tlsFaults.find(([pattern]) => pattern.test(code))?.[1];
}

/** Whether a TLS handshake succeeds, with whoever it is: nothing is sent. */
async function speaksTls({ host, port }: Endpoint, clock: Clock): Promise<boolean> {
  const done = new AbortController();
  const socket = connect({ host, port, rejectUnauthorized: false });
  try {
    return await new Promise((resolve) => {
      socket.once('secureConnect', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      clock.sleep(limits.etcdProbeMs, done.signal).then(
        () => resolve(false),
        () => undefined,
      );
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
