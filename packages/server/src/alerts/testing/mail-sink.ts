import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer as createSecureServer, TLSSocket } from 'node:tls';

/** A mail as it was handed over. */
interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** User and password; null: nobody logged in. */
  readonly login: string | null;
  readonly encrypted: boolean;
  /** Header and text. */
  readonly content: string;
}

/** A mail server on this machine that keeps what it is given (RFC 5321, as far as a client needs it). */
export interface MailSink extends AsyncDisposable {
  readonly port: number;
  readonly mails: TakenMail[];
  /** What it answers to DATA in place of taking it. */
  refuses: string | null;
}

interface SinkOptions {
  readonly tls: { readonly key: string; readonly cert: string };
  /** TLS from the first byte; else STARTTLS is offered, unless `plain`. */
  readonly way: 'secure' | 'starttls' | 'plain';
}

export async function mailSink({ tls, way }: SinkOptions): Promise<MailSink> {
  const sockets = new Set<Socket>();
  const listener = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    serve(socket, sink, { tls, way });
    socket.write('220 sink\r\n');
  };
  const server = way === 'secure' ? createSecureServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const sink: MailSink = {
    port: (server.address() as AddressInfo).port,
    mails: [],
    refuses: null,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return sink;
}

/** Carries on one conversation. */
function serve(socket: Socket, sink: MailSink, { tls, way }: SinkOptions): void {
  const encrypted = socket instanceof TLSSocket;
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  let mail = { from: '', to: [] as string[] };
  let login: string | null = null;
  let data: string[] | null = null;
  let rest = '';
  const take = (content: string): void => {
    if (sink.refuses !== null) return say(sink.refuses);
    sink.mails.push({ ...mail, login, encrypted, content });
    say('250 taken');
  };
  const answers: Readonly<Record<string, (line: string) => void>> = {
    EHLO: () =>
      say(`250-sink\r\n${way === 'starttls' && !encrypted ? '250-STARTTLS\r\n' : ''}250 AUTH PLAIN`),
    STARTTLS: () => {
      if (way !== 'starttls') return say('502 what');
      say('220 go on');
      socket.removeAllListeners('data');
      const secured = new TLSSocket(socket, { isServer: true, ...tls });
      secured.on('error', () => {});
      serve(secured, sink, { tls, way });
    },
    AUTH: (line) => {
      const [, , told = ''] = line.split(' ');
      login = Buffer.from(told, 'base64').toString().slice(1).replace('\0', ':');
      say('235 known');
    },
    MAIL: (line) => {
      mail = { from: addressIn(line), to: [] };
      say('250 ok');
    },
    RCPT: (line) => {
      mail.to.push(addressIn(line));
      say('250 ok');
    },
    DATA: () => {
      data = [];
      say('354 go on');
    },
    QUIT: () => {
      say('221 bye');
      socket.end();
    },
  };
  const hear = (line: string): void => {
    if (data === null) {
      const [verb = ''] = line.split(' ');
      return (answers[verb.toUpperCase()] ?? (() => say('502 what')))(line);
    }
    if (line !== '.') return void data.push(line.replace(/^\.\./, '.'));
    const content = data.join('\n');
    data = null;
    take(content);
  };
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(line);
  });
}

function addressIn(line: string): string {
  return /<(.*)>/.exec(line)?.[1] ?? '';
}
