import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** How one member is reached over its JSON gateway. */
export interface GatewayTarget {
  readonly url: string;
  readonly tls?: { readonly cacert: string; readonly cert: string; readonly key: string } | undefined;
  readonly auth?: { readonly user: string; readonly password: string } | undefined;
}

/** An answer of etcd that is an error, with its gRPC code. */
export class GatewayError extends Error {
  readonly code: number;

  constructor(path: string, code: number, message: string) {
    super(`${path}: ${message}`);
    this.name = 'GatewayError';
    this.code = code;
  }
}

/** Posts JSON to one member; keeps its connections and its token. */
export interface GatewayTransport {
  post<T>(path: string, body: object, timeoutMs?: number): Promise<T>;
  get(path: string, timeoutMs?: number): Promise<{ status: number; text: string }>;
  close(): void;
}

const unauthenticated = 16;
const sockets = 64;

/** Opens the gateway of one member. */
export function gatewayTransport(target: GatewayTarget): GatewayTransport {
  const options = { keepAlive: true, maxSockets: sockets };
  const agent =
    target.tls === undefined
      ? new HttpAgent(options)
      : new HttpsAgent({
          ...options,
          ca: readFileSync(target.tls.cacert),
          cert: readFileSync(target.tls.cert),
          key: readFileSync(target.tls.key),
        });
  const send = sender(target.url, agent);
  let token: Promise<string> | undefined;

  async function logIn({ user, password }: NonNullable<GatewayTarget['auth']>): Promise<string> {
    const { token } = await postOnce<{ token: string }>(
      '/v3/auth/authenticate',
      { name: user, password },
      {},
    );
    return token;
  }

  async function postOnce<T>(
    path: string,
    body: object,
    headers: Record<string, string>,
    timeoutMs = 30_000,
  ): Promise<T> {
    const { status, text } = await send('POST', path, JSON.stringify(body), headers, timeoutMs);
    if (status === 200) return JSON.parse(text) as T;
    const { code, message } = errorOf(text);
    throw new GatewayError(path, code, `${message} (HTTP ${status})`);
  }

  return {
    async post<T>(path: string, body: object, timeoutMs?: number): Promise<T> {
      if (target.auth === undefined) return postOnce<T>(path, body, {}, timeoutMs);
      token ??= logIn(target.auth);
      try {
        return await postOnce<T>(path, body, { authorization: await token }, timeoutMs);
      } catch (error) {
        token = undefined;
        if (!(error instanceof GatewayError) || error.code !== unauthenticated) throw error;
        // Tokens end after five minutes without use, and with the member that gave them.
        token = logIn(target.auth);
        return postOnce<T>(path, body, { authorization: await token }, timeoutMs);
      }
    },
    get: (path, timeoutMs = 2000) => send('GET', path, undefined, {}, timeoutMs),
    close: () => agent.destroy(),
  };
}

type Send = (
  method: string,
  path: string,
  body: string | undefined,
  headers: Record<string, string>,
  timeoutMs: number,
) => Promise<{ status: number; text: string }>;

function sender(url: string, agent: HttpAgent | HttpsAgent): Send {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return async (method, path, body, headers, timeoutMs) =>
    new Promise((resolve, reject) => {
      const sent = request(
        new URL(path, url),
        {
          method,
          agent,
          headers: { ...headers, 'content-type': 'application/json' },
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
}

function errorOf(text: string): { code: number; message: string } {
  try {
    const { code, message, error } = JSON.parse(text) as { code?: number; message?: string; error?: string };
    return { code: code ?? -1, message: message ?? error ?? text };
  } catch {
    return { code: -1, message: text };
  }
}
