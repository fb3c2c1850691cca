import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from '../cluster/certificates.ts';
import { freePort, reservePort } from '../cluster/ports.ts';
import { faultRules } from './fault-rules.ts';
import type { FaultProxy, SeenRequest } from './faults.ts';
import { forward, type WholeAnswer } from './forward.ts';
import { answerOurselves } from './own-answer.ts';

type Seen = { -readonly [key in keyof SeenRequest]: SeenRequest[key] };

/**
 * Starts a proxy on 127.0.0.1 in front of an S3 server that is addressed by path. Clients sign for the proxy's address.
 * @param upstream the server's URL
 * @param ca PEM of the CA that signed the server's certificate
 */
export async function faultProxy({ upstream, ca }: { upstream: string; ca?: string }): Promise<FaultProxy> {
  const server = { url: new URL(upstream), ca };
  const rules = faultRules();
  const requests: Seen[] = [];
  const lists = new Map<string, WholeAnswer>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: target = '' } = request;
    const fault = rules.choose(method, target, lists.has(target));
    const seen: Seen = { method, target, status: undefined, fault: fault?.kind };
    requests.push(seen);
    const answering = (status: number): void => void (seen.status = status);
    const old = fault?.kind === 'lagging-list' ? lists.get(target) : undefined;
    if (fault?.kind === 'answer' || fault?.kind === 'skewed')
      await answerOurselves(request, response, fault, answering);
    else if (old !== undefined) {
      answering(old.status);
      response.writeHead(old.status, [...old.headers]).end(old.body);
    } else {
      const keep = isList(method, target) ? (whole: WholeAnswer) => void lists.set(target, whole) : undefined;
      await forward(server, { request, response, fault, answering, keep });
    }
  };
  const tls = await ownCertificate();
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => request.socket.destroy());
  };
  const secured = await listen(createTlsServer({ cert: tls.cert, key: tls.key }, listener));
  const plain = await listen(createPlainServer(listener));
  return {
    endpoint: `https://127.0.0.1:${secured.port}`,
    httpEndpoint: `http://127.0.0.1:${plain.port}`,
    ca: tls.ca,
    requests,
    add: (rule) => rules.add(rule),
    async [Symbol.asyncDispose]() {
      await Promise.all([secured.close(), plain.close()]);
    },
  };
}

/** A GET of a bucket and not of an object in it. */
function isList(method: string, target: string): boolean {
  return method === 'GET' && /^\/[^/?]+\/?(\?|$)/.test(target);
}

async function ownCertificate(): Promise<{ ca: string; cert: string; key: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-proxy-'));
  try {
    const { cacert, serverCert, serverKey } = await makeCertificates(folder);
    const [ca = '', cert = '', key = ''] = await Promise.all(
      [cacert, serverCert, serverKey].map(async (file) => readFile(file, 'utf8')),
    );
    return { ca, cert, key };
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface ListeningServer {
  readonly port: number;
  close(): Promise<void>;
}

async function listen(server: ReturnType<typeof createPlainServer>): Promise<ListeningServer> {
  const port = await reservePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      freePort(port);
    },
  };
}
