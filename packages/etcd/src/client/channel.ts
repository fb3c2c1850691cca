import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { limits } from '@holdfast/base';
import type { Endpoint } from './endpoint.ts';
import { grpcCode, readStatus, Refusal } from './refusal.ts';

/** How TLS is spoken: the trust and certificate of this client, and the name that the server must prove. */
export interface TlsIdentity {
  readonly context: SecureContext;
  readonly serverName?: string;
  /** Whether the client shows a certificate. */
  readonly hasCertificate: boolean;
}

/** One gRPC call: a request message, and what becomes of the answer's bytes. */
export interface Exchange {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly message: Uint8Array;
  /** Takes the answer's bytes, framing included, as they arrive; while a returned promise is pending no more come. */
  readonly onData: (chunk: Buffer) => void | Promise<void>;
  readonly signal: AbortSignal;
}

/** The connection could not be made or was lost; `cause` is what Node says of it. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

interface Connection {
  readonly session: ClientHttp2Session;
  /** Fulfilled by the server's SETTINGS frame: only then has it accepted the client's certificate. */
  readonly ready: Promise<void>;
  /** Fulfilled with the reason once the connection is no more. */
  readonly lost: Promise<ConnectionError>;
}

/**
 * gRPC over one HTTP/2 connection to one endpoint, made when first needed and again when it was lost. On node:http2
 * itself: for the snapshot stream a general gRPC library costs 1.25 times the time and a third more memory, and it hides
 * why a connection failed.
 */
export class Channel {
  readonly endpoint: Endpoint;
  readonly #tls: TlsIdentity | undefined;
  #connection: Connection | undefined;

  constructor(endpoint: Endpoint, tls: TlsIdentity | undefined) {
    this.endpoint = endpoint;
    this.#tls = tls;
  }

  /**
   * Makes one call; ends well only with the gRPC status OK.
   *
   * @throws Refusal for any other status; ConnectionError when the connection cannot be made or breaks; the signal's
   * reason when it is aborted; whatever `onData` throws
   */
  async exchange(call: Exchange): Promise<void> {
    const { session, lost } = await this.#connected(call.signal);
    const stream = session.request(
      {
        ':method': 'POST',
        ':path': call.path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...call.headers,
      },
      { signal: call.signal },
    );
    stream.end(framed(call.message));
    await new Promise<void>((resolve, reject) => {
      let head: IncomingHttpHeaders = {};
      let tail: IncomingHttpHeaders = {};
      const giveUp = (error: unknown): void => {
        reject(error);
        stream.destroy();
      };
      stream.on('response', (headers) => (head = headers));
      stream.on('trailers', (headers) => (tail = headers));
      stream.on('data', (chunk: Buffer) => {
        try {
          const pending = call.onData(chunk);
          if (pending === undefined) return;
          stream.pause();
          pending.then(() => stream.resume(), giveUp);
        } catch (error) {
          giveUp(error);
        }
      });
      stream.on('error', (cause) =>
        reject(call.signal.aborted ? call.signal.reason : new ConnectionError(cause)),
      );
      lost.then(reject, reject);
      stream.on('close', () => {
        const fault = faultOf(head, tail);
        if (fault === undefined) resolve();
        else reject(fault);
      });
    });
  }

  /** Ends the connection at once; calls under way fail. */
  close(): void {
    this.#connection?.session.destroy();
  }

  async #connected(signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    const known = this.#connection;
    const connection =
      known === undefined || known.session.closed || known.session.destroyed ? this.#connect() : known;
    this.#connection = connection;
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      connection.ready.then(resolve, reject);
      connection.lost.then(reject, reject);
    });
    return connection;
  }

  #connect(): Connection {
    const socket = this.#socket();
    const session = connect(this.endpoint.url, {
      settings: { enablePush: false, initialWindowSize: limits.streamWindowBytes },
      createConnection: () => socket,
    });
    session.once('connect', () => {
      // A session that was closed on its way tells all the same that it is connected.
      if (!session.destroyed) session.setLocalWindowSize(limits.streamWindowBytes);
    });
    const { promise: ready, resolve: settled } = Promise.withResolvers<void>();
    session.once('remoteSettings', () => settled());
    const { promise: lost, resolve: lose } = Promise.withResolvers<ConnectionError>();
    session.on('error', (cause) => lose(new ConnectionError(cause)));
    session.once('close', () => lose(new ConnectionError(new Error('the connection was closed'))));
    // Node's session does not notice when a server refuses the client certificate, as TLS 1.3 does only late.
    socket.on('error', (cause) => {
      lose(new ConnectionError(cause));
      session.destroy();
    });
    return { session, ready, lost };
  }

  #socket(): Socket {
    const { host, port, secure } = this.endpoint;
    if (!secure) return connectTcp({ host, port });
    const servername = this.#tls?.serverName ?? (isIP(host) === 0 ? host : '');
    return connectTls({
      host,
      port,
      servername,
      ALPNProtocols: ['h2'],
      ...(this.#tls && { secureContext: this.#tls.context }),
    });
  }
}

/** What the headers and trailers of an answer say that went wrong; an answer without a body has only headers. */
function faultOf(head: IncomingHttpHeaders, tail: IncomingHttpHeaders): Error | undefined {
  const status = readStatus(tail) ?? readStatus(head);
  if (status?.code === grpcCode.ok) return undefined;
  if (status !== undefined) return new Refusal(status.code, status.message);
  const http = Number(head[':status'] ?? 200);
  const why =
    http === 200 ? 'the connection was closed before the answer was complete' : `it is no etcd: HTTP ${http}`;
  return new ConnectionError(new Error(why));
}

/** A gRPC message: one byte 0 (not compressed), four bytes of length, the message. */
function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
