import { rootCertificates } from 'node:tls';
import { Failure } from '@holdfast/base';
import { Agent, request, type Dispatcher } from 'undici';
import type { z } from 'zod';

/** How a server is reached and known. */
export interface ServerTrust {
  /** `https://host:port`, without a path. */
  readonly server: string;
  /** PEM of what its certificate is held against; null: what this machine trusts. */
  readonly ca: readonly string[] | null;
  /** Of this agent; undefined before it has joined. */
  readonly own?: { readonly certificate: string; readonly key: string };
}

/** What is asked for. */
export interface Ask<T> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly reply: z.ZodType<T>;
  readonly signal: AbortSignal;
}

/** Milliseconds in which a connection stands, TLS included. */
const connectMs = 10_000;
/** Milliseconds without an answer after which it counts as none: longer than any answer is held back. */
const silenceMs = 75_000;
/** Bytes of an answer; a larger one is not the server's. */
const answerBytes = 64 * 1024 * 1024;

/** Asks a Holdfast server, over TLS that is always verified. */
export class ServerConnection {
  readonly server: string;
  readonly #dispatcher: Agent;

  constructor({ server, ca, own }: ServerTrust) {
    this.server = server;
    this.#dispatcher = new Agent({
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
      connect: {
        timeout: connectMs,
        rejectUnauthorized: true,
        ca: ca === null ? [...rootCertificates] : [...ca],
        ...(own !== undefined && { cert: own.certificate, key: own.key }),
      },
    });
  }

  /**
   * One question.
   *
   * @throws Failure server-unreachable: no answer, or none that means anything; server-untrusted; agent-expelled: this
   *   certificate counts no more; order-invalid: the server refuses what was asked, or answers otherwise than it should.
   *   The signal's reason
   */
  async ask<T>({ method, path, body, reply, signal }: Ask<T>): Promise<T> {
    const { status, text } = await this.#send(method, path, body, signal);
    if (status >= 500 || status === 429) throw this.#unreachable(`it answers ${status}${detailOf(text)}`);
    if (status === 401 || status === 403)
      throw new Failure('agent-expelled', `the server answers ${status}${detailOf(text)}`, {
        server: this.server,
      });
    const invalid = (why: string): Failure =>
      new Failure('order-invalid', `${method} ${path.replace(/\?.*/, '')}: ${why}`, { status });
    if (status >= 400) throw invalid(`the server refuses it with ${status}${detailOf(text)}`);
    const answer = reply.safeParse(text === '' ? undefined : jsonOf(text));
    if (answer.success) return answer.data;
    const [issue] = answer.error.issues;
    throw invalid(`the answer is not what it should be: ${issue?.path.join('.')}: ${issue?.message}`);
  }

  /** Ends all connections; what is under way is given up. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /** Asks nothing more; what is under way comes to its end. */
  async retire(): Promise<void> {
    await this.#dispatcher.close();
  }

  async #send(
    method: Dispatcher.HttpMethod,
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly text: string }> {
    signal.throwIfAborted();
    try {
      const { statusCode, body: answer } = await request(`${this.server}${path}`, {
        method,
        signal,
        dispatcher: this.#dispatcher,
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
      return { status: statusCode, text: await textOf(answer) };
    } catch (cause) {
      signal.throwIfAborted();
      throw isDistrust(cause)
        ? new Failure('server-untrusted', wordsOf(cause), { server: this.server }, { cause })
        : this.#unreachable(wordsOf(cause), cause);
    }
  }

  #unreachable(why: string, cause?: unknown): Failure {
    return new Failure('server-unreachable', why, { server: this.server }, { cause });
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const blocks: Uint8Array[] = [];
  let size = 0;
  for await (const block of body) {
    size += block.length;
    if (size > answerBytes) throw new Error(`the answer has more than ${answerBytes} bytes`);
    blocks.push(block);
  }
  return Buffer.concat(blocks).toString('utf8');
}

/** What OpenSSL, and Node with it, say of a certificate that they do not take. */
const distrust =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|CRL_\w+|INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID|PATH_LENGTH_EXCEEDED)$/;

function isDistrust(error: unknown): boolean {
  return distrust.test((error as NodeJS.ErrnoException).code ?? '');
}

function wordsOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // An AggregateError of several addresses has no words of its own.
  return message || (code ?? 'it cannot be reached');
}

/** What a problem document says, behind a colon; '' where there is none. */
function detailOf(text: string): string {
  const { title, detail } = (jsonOf(text) ?? {}) as { title?: unknown; detail?: unknown };
  const words = [title, detail].filter((each) => typeof each === 'string' && each !== '');
  return words.length === 0 ? '' : `: ${words.join(': ')}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
