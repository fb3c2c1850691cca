import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { GatewayError, grpcCaller } from './grpc.ts';

/** How one member is reached. */
export interface GatewayTarget {
  readonly url: string;
  /** With authentication on, etcd refuses its gateway to a certificate that has a common name. */
  readonly tls?: { readonly cacert: string; readonly cert: string; readonly key: string } | undefined;
  readonly auth?: { readonly user: string; readonly password: string } | undefined;
}

/** Sends requests to one member; keeps its connections and its token. */
export interface GatewayTransport {
  /** A call of the JSON gateway. */
  post<T>(path: string, body: object, timeoutMs?: number): Promise<T>;
  /** What `GET path` answers. */
  get(path: string, timeoutMs?: number): Promise<{ status: number; text: string }>;
  /** A call past the JSON gateway, as `/etcdserverpb.KV/Txn`, with an encoded message. */
  grpc(path: string, message: Uint8Array): Promise<Buffer>;
  close(): void;
}

const unauthenticated = 16;
const sockets = 64;

/** Opens the way to one member. */
export function gatewayTransport(target: GatewayTarget): GatewayTransport {
  const tls =
    target.tls === undefined
      ? undefined
      : {
          ca: readFileSync(target.tls.cacert),
          cert: readFileSync(target.tls.cert),
          key: readFileSync(target.tls.key),
        };
  const keep = { keepAlive: true, maxSockets: sockets };
  const agent = tls === undefined ? new HttpAgent(keep) : new HttpsAgent({ ...keep, ...tls });
  const send = sender(target.url, agent);
  const grpc = grpcCaller(target.url, tls);
  const { auth } = target;
  const authorized =
    auth === undefined
      ? async <T>(attempt: Attempt<T>) => attempt(undefined)
      : withToken(async () => {
          const body = { name: auth.user, password: auth.password };
          return (await post<{ token: string }>(send, '/v3/auth/authenticate', body, undefined)).token;
        });
  return {
    post: async <T>(path: string, body: object, timeoutMs?: number) =>
      authorized((token) => post<T>(send, path, body, token, timeoutMs)),
    get: (path, timeoutMs = 2000) => send('GET', path, undefined, undefined, timeoutMs),
    grpc: async (path, message) => authorized((token) => grpc.call(path, message, token)),
    close() {
      agent.destroy();
      grpc.close();
    },
  };
}

type Attempt<T> = (token: string | undefined) => Promise<T>;

/** Logs in at first need, and once more when a token has ended: after a time without use, or with its member. */
function withToken(logIn: () => Promise<string>): <T>(attempt: Attempt<T>) => Promise<T> {
  let token: Promise<string> | undefined;
  return async (attempt) => {
    const used = (token ??= logIn());
    try {
      return await attempt(await used);
    } catch (error) {
      if (token === used) token = undefined;
      if (!(error instanceof GatewayError) || error.code !== unauthenticated) throw error;
      return attempt(await (token ??= logIn()));
    }
  };
}

async function post<T>(
  send: Send,
  path: string,
  body: object,
  token: string | undefined,
  timeoutMs = 30_000,
): Promise<T> {
  const { status, text } = await send('POST', path, JSON.stringify(body), token, timeoutMs);
  if (status === 200) return JSON.parse(text) as T;
  const { code, message } = errorOf(text);
  throw new GatewayError(path, code, `${message} (HTTP ${status})`);
}

type Send = (
  method: string,
  path: string,
  body: string | undefined,
  token: string | undefined,
  timeoutMs: number,
) => Promise<{ status: number; text: string }>;

function sender(url: string, agent: HttpAgent | HttpsAgent): Send {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return async (method, path, body, token, timeoutMs) =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: token }),
      };
      const options = { method, agent, headers, signal: AbortSignal.timeout(timeoutMs) };
      const sent = request(new URL(path, url), options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
}

function errorOf(text: string): { code: number; message: string } {
  try {
    const { code, message, error } = JSON.parse(text) as { code?: number; message?: string; error?: string };
    return { code: code ?? -1, message: message ?? error ?? text };
  } catch {
    return { code: -1, message: text.trim() };
  }
}
