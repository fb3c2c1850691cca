import { createHash, X509Certificate } from 'node:crypto';
import { Failure } from '@holdfast/base';
import { Agent, request, type Dispatcher } from 'undici';

/** By what the server is trusted. Absent: by the CAs that this machine trusts. */
export interface Trust {
  /** PEM of its CA, which counts alone then. */
  readonly ca?: string | undefined;
  /** SHA-256 of the CA's certificate (DER), hexadecimal: the certificate is asked of the server, and has to be that one. */
  readonly caSha256?: string | undefined;
}

const connectMs = 10_000;
/** Longer than the server waits for an end at most. */
const replyMs = 70_000;

/**
 * What carries requests to a server, over TLS that is verified.
 *
 * @throws Failure server-untrusted, server-unreachable: its CA was to be had by its hash
 */
export async function transportTo(
  url: string,
  { ca, caSha256 }: Trust,
  signal?: AbortSignal,
): Promise<Dispatcher> {
  const known = ca ?? (caSha256 === undefined ? undefined : await pinnedCa(url, caSha256, signal));
  return new Agent({
    headersTimeout: replyMs,
    bodyTimeout: replyMs,
    connect: { timeout: connectMs, ...(known === undefined ? {} : { ca: known }) },
  });
}

/** Asks for the CA without trusting who answers, and takes it where its hash is the right one. Nothing else is sent. */
async function pinnedCa(url: string, sha256: string, signal?: AbortSignal): Promise<string> {
  const dispatcher = new Agent({ connect: { timeout: connectMs, rejectUnauthorized: false } });
  try {
    const { body } = await request(new URL('/v1/ca', url), {
      ...{ dispatcher, headersTimeout: connectMs, bodyTimeout: connectMs },
      ...(signal === undefined ? {} : { signal }),
    });
    const pem = await body.text();
    if (hashOf(pem) !== sha256.toLowerCase())
      throw new Failure('server-untrusted', 'its CA does not have the SHA-256 that was named', {
        server: url,
      });
    return pem;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Failure) throw error;
    throw unreachable(url, error);
  } finally {
    await dispatcher.destroy();
  }
}

function hashOf(pem: string): string {
  try {
    return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
  } catch {
    return '';
  }
}

/** That a server could not be asked: it does not answer, or nobody knows that it is the right one. */
export function unreachable(server: string, error: unknown): Failure {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const isUntrusted = /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET))/.test(code);
  const why = code === '' || message.includes(code) ? message : `${code}: ${message}`;
  return new Failure(
    isUntrusted ? 'server-untrusted' : 'server-unreachable',
    why,
    { server },
    { cause: error },
  );
}
