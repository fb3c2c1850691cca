import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { Failure } from '@holdfast/base';

/** An address that somebody is told things at. Whoever knows it can use it, so it is never printed. */
export interface SecretAddress {
  readonly url: URL;
  /** CA certificates that the receiver is trusted by, beside the usual ones (PEM). */
  readonly ca: string | undefined;
}

/**
 * Reads the address of a receiver.
 *
 * @param source where it comes from, as a message may name it: a file or a variable
 * @throws Failure `config-invalid`, which does not repeat the address
 */
export function secretAddress(text: string, source: string, ca?: string): SecretAddress {
  const url = URL.parse(text.trim());
  if (url === null || !/^https?:$/.test(url.protocol) || !isEncoded(url.username + url.password))
    throw new Failure('config-invalid', 'it does not hold an address that begins with https:// or http://', {
      source,
    });
  return { url, ca };
}

/** Whether Node can take the name and the password out of an address: it throws at a `%` that stands for nothing. */
function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds for one request, its answer included. */
const requestMs = 10_000;

/** What is sent: a body of JSON by POST, or nothing by GET. */
export interface Sent {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** It ends early. */
  readonly signal: AbortSignal;
}

/**
 * Sends one request and says why it was not taken; undefined: it was, by an answer of 2xx. Redirects are not followed: they
 * would carry the address's secret to somebody else. Never rejects, and what it says does not hold the address.
 */
export async function sendOut({ url, ca }: SecretAddress, sent: Sent): Promise<string | undefined> {
  const late = AbortSignal.timeout(requestMs);
  return new Promise((resolve) => {
    const asking = (url.protocol === 'https:' ? secureRequest : plainRequest)(url, {
      method: sent.body === undefined ? 'GET' : 'POST',
      agent: false,
      signal: AbortSignal.any([late, sent.signal]),
      headers: { 'user-agent': 'holdfast', ...sent.headers },
      ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
    });
    asking.once('response', (answer) => {
      const status = answer.statusCode ?? 0;
      resolve(status >= 200 && status < 300 ? undefined : refusal(status));
      asking.destroy();
    });
    asking.on('error', (error: NodeJS.ErrnoException) => {
      resolve(late.aborted ? `no answer within ${requestMs / 1000} s` : reasonOf(error));
    });
    asking.end(sent.body);
  });
}

function refusal(status: number): string {
  const redirected = status >= 300 && status < 400;
  return `it answers with status ${status}${redirected ? ', and redirects are not followed' : ''}`;
}

/** A system's or TLS's error names the host at most, which is no secret; of any other only the code is said. */
function reasonOf({ code, message, syscall }: NodeJS.ErrnoException): string {
  if (syscall !== undefined) return `${syscall} ${code ?? 'failed'}`;
  return code ?? (message === 'socket hang up' ? message : 'the connection failed');
}
