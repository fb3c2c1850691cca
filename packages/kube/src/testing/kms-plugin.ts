import { createServer, type ServerHttp2Stream } from 'node:http2';
import { buffer } from 'node:stream/consumers';

/** A KMS plugin of version 2 on a socket of this machine; what it seals is reversed, no more. */
export interface KmsPlugin extends AsyncDisposable {
  /** As an EncryptionConfiguration names it. */
  readonly endpoint: string;
}

/** The calls of `v2.KeyManagementService` (k8s.io/kms), each with the bytes of its answer. */
function answer(method: string, request: Buffer, keyId: string): Buffer {
  if (method === 'Status') return fields([1, 'v2'], [2, 'ok'], [3, keyId]);
  const first = request.subarray(2, 2 + request[1]!);
  const other = first.toReversed();
  return method === 'Encrypt' ? fields([1, other], [2, keyId]) : fields([1, other]);
}

/** A protobuf message of short texts and bytes. */
function fields(...all: readonly (readonly [number, Uint8Array | string])[]): Buffer {
  return Buffer.concat(
    all.map(([id, content]) => {
      const bytes = Buffer.from(content);
      return Buffer.concat([Buffer.from([(id << 3) | 2, bytes.length]), bytes]);
    }),
  );
}

/** A gRPC message has five bytes before it: whether it is compressed, and its length. */
async function reply(stream: ServerHttp2Stream, method: string, keyId: string): Promise<void> {
  const framed = await buffer(stream).catch(() => undefined);
  if (framed === undefined) return;
  const message = answer(method, framed.subarray(5), keyId);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
}

/** Starts one that says it works with the key `keyId`. Messages have to be shorter than 128 bytes, and are. */
export async function startKmsPlugin(socket: string, keyId: string): Promise<KmsPlugin> {
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const method = String(headers[':path']).split('/').at(-1)!;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.on('error', () => {});
    void reply(stream, method, keyId);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    endpoint: `unix://${socket}`,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
