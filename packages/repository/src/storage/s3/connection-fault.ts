import { connect } from 'node:tls';
import { limits, type Clock } from '@holdfast/base';

/** Why nothing came back: the code of the failure, its reason, and whether trying again is of no use. */
export interface ConnectionFault {
  readonly code: 's3-tls' | 's3-unreachable';
  readonly why: string;
  readonly lasting: boolean;
}

/** What OpenSSL and Node call the ways in which TLS fails, and what that means to a user. */
const tlsFaults: readonly [RegExp, string][] = [
  [
    /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED/,
    'its certificate is not signed by a trusted CA',
  ],
  [/^CERT_HAS_EXPIRED/, 'its certificate has expired'],
  [/^CERT_NOT_YET_VALID/, 'its certificate is not valid yet'],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|RECORD_LAYER/,
    'it does not speak TLS; it may serve http',
  ],
  [/ALERT|NO_PROTOCOLS|UNSUPPORTED_PROTOCOL|NO_SHARED_CIPHER/, 'the two found no way to speak TLS'],
];

const networkFaults: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known to the name server',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'nobody listens there: the connection was refused',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'it did not answer in time',
};

function tls(why: string): ConnectionFault {
  return { code: 's3-tls', why, lasting: true };
}

function network(why: string, lasting = false): ConnectionFault {
  return { code: 's3-unreachable', why, lasting };
}

/** Reads an error that is not the answer of a server; undefined when it is something else. */
export function connectionFault(error: unknown): ConnectionFault | undefined {
  if (!(error instanceof Error)) return undefined;
  // A name with several addresses that all fail comes as one error without words of its own.
  if (error instanceof AggregateError && error.errors.length > 0) return connectionFault(error.errors[0]);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return tls(error.message);
  if (error.message.includes('before secure TLS connection')) {
    return tls('it broke off the handshake; it may serve http');
  }
  // OpenSSL's own words are in the message when the fault came up while the request was written.
  const said = code === 'EPROTO' ? error.message.toUpperCase().replaceAll(' ', '_') : code;
  const fault = tlsFaults.find(([pattern]) => pattern.test(said));
  if (fault !== undefined) return tls(fault[1]);
  if (code.startsWith('HPE_')) return network('it does not speak HTTP', true);
  const known = networkFaults[code];
  if (known !== undefined) return network(known, code === 'ENOTFOUND');
  if (/^(ECONN|EPIPE|ERR_STREAM_PREMATURE|EADDR|ENET|EHOST)/.test(code))
    return network('the connection was lost');
  // The SDK calls a lost connection so as well.
  if (error.name === 'TimeoutError') return network('it did not answer in time');
  if (/socket hang up|aborted|premature|connection ended/i.test(error.message))
    return network('the connection was lost');
  return undefined;
}

/** Whether a TLS handshake succeeds at a plain http URL's port, with whoever it is: nothing is sent. */
export async function speaksTls(url: URL, clock: Clock): Promise<boolean> {
  const done = new AbortController();
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: Number(url.port || 80), rejectUnauthorized: false });
  try {
    return await new Promise((resolve) => {
      socket.once('secureConnect', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      clock.sleep(limits.s3ConnectMs, done.signal).then(
        () => resolve(false),
        () => undefined,
      );
    });
  } finally {
    done.abort();
    socket.destroy();
  }
}
