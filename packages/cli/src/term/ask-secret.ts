import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { Failure } from '@holdfast/base';
import type { Io } from '../io.ts';

/**
 * Asks for a line on the terminal that is not shown while it is typed.
 *
 * @param option what gives it without a terminal, as `--password-file`
 * @throws Failure `not-confirmed` without a terminal, or when nothing was typed; `interrupted`
 */
export async function askSecret(io: Io, question: string, option: string): Promise<string> {
  return await unseen(io, option, (ask) => ask(question));
}

/**
 * Asks for a new secret, twice: what is typed unseen may be typed wrong.
 *
 * @param option what gives it without a terminal
 * @throws Failure `not-confirmed` also when the two differ; `interrupted`
 */
export async function askNewSecret(io: Io, question: string, option: string): Promise<string> {
  return await unseen(io, option, async (ask) => {
    const secret = await ask(question);
    if ((await ask('Once more: ')) === secret) return secret;
    throw new Failure('not-confirmed', 'the two that were typed differ');
  });
}

type Ask = (question: string) => Promise<string>;

async function unseen<T>(io: Io, option: string, use: (ask: Ask) => Promise<T>): Promise<T> {
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true)
    throw new Failure('not-confirmed', `there is no terminal to ask on, and ${option} was not given`);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  // On a terminal readline shows itself what is typed: it is given nowhere to.
  const lines = createInterface({ input: io.stdin, output: silent, terminal: true, signal: io.signal });
  const next = linesOf(lines);
  try {
    return await use(async (question) => {
      io.stderr.write(question);
      try {
        const line = await next();
        io.signal.throwIfAborted();
        if (line === undefined || line === '') throw new Failure('not-confirmed', 'nothing was typed');
        return line;
      } finally {
        io.stderr.write('\n');
      }
    });
  } finally {
    lines.close();
  }
}

/** The lines as they come: several may be there before they are asked for. */
function linesOf(lines: Interface): () => Promise<string | undefined> {
  const come: string[] = [];
  const ended = Promise.withResolvers<undefined>();
  let another = Promise.withResolvers<undefined>();
  ended.promise.catch(() => undefined);
  lines.on('line', (line) => {
    come.push(line);
    another.resolve(undefined);
    another = Promise.withResolvers();
  });
  lines.once('close', () => ended.resolve(undefined));
  lines.once('SIGINT', () => ended.reject(new Failure('interrupted', 'Ctrl-C was typed')));
  return async () => {
    if (come.length === 0) await Promise.race([ended.promise, another.promise]);
    return come.shift();
  };
}
