import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import type { SecureContext } from 'node:tls';
import { limits } from '@holdfast/base';
import type { Endpoint } from './endpoint.ts';
import { readStatus, Refusal } from './refusal.ts';

/** How TLS is spoken: the trust and certificate of this client, and the name that the server must prove. */
export interface TlsIdentity {
  readonly context: SecureContext;
  readonly serverName?: string;
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

/**
 * gRPC over one HTTP/2 connection to one endpoint, made when first needed and again when it was lost. On node:http2
 * itself: for the snapshot stream a general gRPC library costs 1.25 times the time and a third more memory, and it hides
 * why a connection failed.
 */
export class Channel {
  readonly endpoint: Endpoint;
  readonly #tls: TlsIdentity | undefined;
  #connection: { readonly session: ClientHttp2Session; readonly ready: Promise<void> } | undefined;

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
    const session = await this.#connected(call.signal);
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
      let status: ReturnType<typeof readStatus>;
      const look = (headers: IncomingHttpHeaders): void => void (status ??= readStatus(headers));
      const giveUp = (error: unknown): void => {
        reject(error);
        stream.destroy();
      };
      stream.on('response', look);
      stream.on('trailers', look);
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
      stream.on('close', () => {
        if (status === undefined)
          reject(new ConnectionError(new Error('the connection was closed before the answer was complete')));
        else if (status.code !== 0) reject(new Refusal(status.code, status.message));
        else resolve();
      });
    });
  }

  /** Ends the connection at once; calls under way fail. */
  close(): void {
    this.#connection?.session.destroy();
  }

  async #connected(signal: AbortSignal): Promise<ClientHttp2Session> {
    signal.throwIfAborted();
    if (
      this.#connection === undefined ||
      this.#connection.session.closed ||
      this.#connection.session.destroyed
    ) {
      const session = this.#connect();
      this.#connection = { session, ready: settled(session) };
    }
    const { session, ready } = this.#connection;
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      ready.then(resolve, (cause) => reject(new ConnectionError(cause)));
    });
    return session;
  }

  #connect(): ClientHttp2Session {
    const session = connect(this.endpoint.url, {
      settings: { enablePush: false, initialWindowSize: limits.streamWindowBytes },
      ...(this.#tls && { secureContext: this.#tls.context }),
      ...(this.#tls?.serverName !== undefined && { servername: this.#tls.serverName }),
    });
    session.once('connect', () => session.setLocalWindowSize(limits.streamWindowBytes));
    return session;
  }
}

/** Waits for the server's SETTINGS frame: only then has it accepted the client's certificate and proven its HTTP/2. */
async function settled(session: ClientHttp2Session): Promise<void> {
  const ready = new Promise<void>((resolve, reject) => {
    session.once('remoteSettings', () => resolve());
    session.on('error', reject);
    session.once('close', () => reject(new Error('the connection was closed before the first answer')));
  });
  // Whoever asked may have given up by then; the listener above also keeps later errors from being unhandled.
  ready.catch(() => undefined);
  await ready;
}

/** A gRPC message: one byte 0 (not compressed), four bytes of length, the message. */
function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
