import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';

/** An answer of etcd that is an error, with its gRPC code. */
export class GatewayError extends Error {
  readonly code: number;

  constructor(path: string, code: number, message: string) {
    super(`${path}: ${message}`);
    this.name = 'GatewayError';
    this.code = code;
  }
}

/** Calls with one message each way, for what the JSON gateway lacks or is too slow for. */
export interface GrpcCaller {
  call(path: string, message: Uint8Array, token?: string): Promise<Buffer>;
  close(): void;
}

/** What a secured connection needs. */
export interface TlsFiles {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

const window = 4 * 1024 * 1024;
const prefixBytes = 5;

/** Opens a caller; it connects when it is first used, and again when the connection is gone. */
export function grpcCaller(url: string, tls: TlsFiles | undefined): GrpcCaller {
  let session: ClientHttp2Session | undefined;
  function connected(): ClientHttp2Session {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    session = connect(url, { ...tls, settings: { initialWindowSize: window } });
    // Each call reports the error itself.
    session.on('error', () => {});
    return session;
  }
  return {
    call: async (path, message, token) => call(connected(), path, message, token),
    close: () => session?.destroy(),
  };
}

async function call(
  session: ClientHttp2Session,
  path: string,
  message: Uint8Array,
  token: string | undefined,
): Promise<Buffer> {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(token === undefined ? {} : { token }),
    });
    const chunks: Buffer[] = [];
    let last: IncomingHttpHeaders = {};
    stream.on('response', (headers) => (last = headers));
    stream.on('trailers', (trailers) => (last = trailers));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => {
      const code = Number(last['grpc-status'] ?? -1);
      if (code === 0) resolve(Buffer.concat(chunks).subarray(prefixBytes));
      else
        reject(new GatewayError(path, code, decodeURIComponent(String(last['grpc-message'] ?? 'no answer'))));
    });
    stream.end(Buffer.concat([prefix, message]));
  });
}
