import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Failure } from '@holdfast/base';
import type { Io } from '../io.ts';

/**
 * Asks for a line on the terminal that is not shown while it is typed.
 *
 * @throws Failure `not-confirmed` without a terminal, or when nothing was typed; `interrupted`
 */
export async function askSecret(io: Io, question: string): Promise<string> {
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true)
    throw new Failure('not-confirmed', 'there is no terminal to ask on, and --password-file was not given');
  io.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  // On a terminal readline shows itself what is typed: it is given nowhere to.
  const lines = createInterface({ input: io.stdin, output: silent, terminal: true, signal: io.signal });
  try {
    const line = await new Promise<string | undefined>((answer, refuse) => {
      lines.once('line', answer);
      lines.once('close', () => answer(undefined));
      lines.once('SIGINT', () => refuse(new Failure('interrupted', 'Ctrl-C was typed')));
    });
    io.signal.throwIfAborted();
    if (line === undefined || line === '') throw new Failure('not-confirmed', 'nothing was typed');
    return line;
  } finally {
    lines.close();
    io.stderr.write('\n');
  }
}
