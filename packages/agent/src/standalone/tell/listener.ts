import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure } from '@holdfast/base';
import type { Health } from './health.ts';
import type { ListenAddress } from './listen-address.ts';

/** What is served. None of it holds a secret: whoever reaches the address reads it. */
export interface Pages {
  metrics(): Promise<string>;
  healthz(): Health;
  readyz(): Health;
}

/** A listener that serves them. */
export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Against clients that are slow, or many: milliseconds for a request, for silence, and connections at once. */
const requestMs = 5_000;
const silenceMs = 10_000;
const connections = 64;

/** @throws Failure `listener-failed` */
export async function listen(address: ListenAddress, pages: Pages): Promise<Listener> {
  const server = createServer(
    {
      requestTimeout: requestMs,
      headersTimeout: requestMs,
      keepAliveTimeout: requestMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8 * 1024,
    },
    (request, response) => void answer(request, response, pages),
  );
  server.maxConnections = connections;
  server.setTimeout(silenceMs);
  const { host, port } = address;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const at = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
      reject(new Failure('listener-failed', cause.message, { address: at }, { cause }));
    });
    server.listen(port, host, resolve);
  });
  server.on('error', () => undefined);
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) };
}

async function answer(request: IncomingMessage, response: ServerResponse, pages: Pages): Promise<void> {
  // What anybody would send along is not read.
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('connection', 'close');
    response.setHeader('allow', 'GET, HEAD');
    return say(response, 405, 'only GET and HEAD\n');
  }
  const [path] = (request.url ?? '').split('?', 1);
  if (path === '/metrics') {
    try {
      const text = await pages.metrics();
      return say(response, 200, text, 'text/plain; version=0.0.4; charset=utf-8');
    } catch {
      return say(response, 500, 'the metrics could not be made\n');
    }
  }
  if (path !== '/healthz' && path !== '/readyz') return say(response, 404, 'not found\n');
  const { well, says } = path === '/healthz' ? pages.healthz() : pages.readyz();
  say(response, well ? 200 : 503, `${says}\n`);
}

function say(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  // Of a HEAD, Node leaves out what is said.
  response.end(text);
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
