import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as plainRequest,
  type ServerResponse,
} from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Writable } from 'node:stream';
import { type Body, flipped, kept, shortened, throttled, until } from './body-stages.ts';
import type { Fault } from './faults.ts';

/** The server behind a proxy. */
export interface Upstream {
  readonly url: URL;
  /** PEM that its certificate is checked with; the system's if not said. */
  readonly ca: string | undefined;
}

/** An answer with all that belongs to it. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** What a request meets on its way, and who hears of it. */
export interface Journey {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly fault: Fault | undefined;
  /** Told when the head of the answer is sent back. */
  readonly answering: (status: number) => void;
  /** Told of the server's answer when it is whole; absent if nobody wants it kept. */
  readonly keep: ((answer: WholeAnswer) => void) | undefined;
}

/**
 * Carries a request to the server and its answer back, with one fault or none. Headers pass as they are, Host too, so
 * that signatures stay valid. What breaks on the server's side breaks on the client's.
 */
export async function forward(upstream: Upstream, journey: Journey): Promise<void> {
  const { request, response, fault } = journey;
  const outgoing = open(upstream, request);
  response.on('close', () => outgoing.destroy());
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
  });
  const sending = send(requestBody(request, fault), outgoing);
  try {
    if (fault?.kind === 'cut-request') {
      answered.catch(() => undefined);
      await sending;
      return;
    }
    // A server may answer, and refuse, before it has read everything.
    sending.then(
      () => outgoing.end(),
      () => undefined,
    );
    await carryBack(await answered, journey);
  } catch {
    // The client is shown the same by its connection, below.
  } finally {
    if (!response.writableEnded) request.socket.destroy();
    outgoing.destroy();
  }
}

async function carryBack(answer: IncomingMessage, journey: Journey): Promise<void> {
  const { response, fault, answering, keep } = journey;
  const { statusCode: status = 0 } = answer;
  const headers = withoutHops(answer.rawHeaders);
  const bytes = chunksOf(answer);
  const body = keep === undefined ? bytes : kept(bytes, (whole) => keep({ status, headers, body: whole }));
  if (fault?.kind === 'lost-answer') {
    for await (const _chunk of body);
    return;
  }
  const keepBytes = fault?.kind === 'torn-answer' ? fault.keepBytes : Infinity;
  answering(status);
  response.writeHead(status, withLengthOfAtMost(headers, keepBytes));
  response.flushHeaders();
  await send(answerBody(body, fault), response);
  if (fault?.kind !== 'cut-answer') response.end();
}

function requestBody(request: IncomingMessage, fault: Fault | undefined): Body {
  const body = chunksOf(request);
  if (fault?.kind === 'cut-request') return until(body, fault.afterBytes);
  if (fault?.kind === 'flipped-request') return flipped(body, fault.atByte);
  return fault?.kind === 'throttle' ? throttled(body, fault.bytesPerSecond) : body;
}

function answerBody(body: Body, fault: Fault | undefined): Body {
  if (fault?.kind === 'cut-answer') return until(body, fault.afterBytes);
  if (fault?.kind === 'torn-answer') return shortened(body, fault.keepBytes);
  if (fault?.kind === 'flipped-answer') return flipped(body, fault.atByte);
  return fault?.kind === 'throttle' ? throttled(body, fault.bytesPerSecond) : body;
}

function chunksOf(message: IncomingMessage): Body {
  return message.iterator({ destroyOnReturn: false });
}

/** Each chunk is with the kernel before the next is read, so that what is cut afterwards is not lost with it. */
async function send(body: Body, to: Writable): Promise<void> {
  const closed = new Promise<never>((_resolve, reject) => {
    to.once('close', () => reject(new Error('closed')));
  });
  closed.catch(() => undefined);
  for await (const chunk of body) {
    const written = new Promise<void>((resolve, reject) => {
      to.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
    await Promise.race([written, closed]);
  }
}

/** A connection of its own for each request: what is cut takes nothing else with it. */
function open({ url, ca }: Upstream, { method, url: path, rawHeaders }: IncomingMessage): ClientRequest {
  const options: RequestOptions = {
    host: url.hostname,
    port: url.port,
    method,
    path,
    headers: [...withoutHops(rawHeaders), 'Connection', 'close'],
    agent: false,
  };
  return url.protocol === 'https:' ? tlsRequest({ ...options, ca }) : plainRequest(options);
}

function withoutHops(rawHeaders: readonly string[]): string[] {
  return pairs(rawHeaders)
    .filter(([name]) => !['connection', 'keep-alive', 'transfer-encoding'].includes(name.toLowerCase()))
    .flat();
}

function withLengthOfAtMost(rawHeaders: readonly string[], most: number): string[] {
  return pairs(rawHeaders)
    .map(([name, value]) =>
      name.toLowerCase() === 'content-length' ? [name, `${Math.min(Number(value), most)}`] : [name, value],
    )
    .flat();
}

function pairs(rawHeaders: readonly string[]): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) found.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  return found;
}
