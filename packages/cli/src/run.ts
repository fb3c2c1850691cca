import { isFailure } from '@holdfast/base';
import { CommanderError } from 'commander';
import { earlyFormat } from './format.ts';
import { failureOf, renderFailure } from './failure/print.ts';
import { usageFailure } from './failure/usage.ts';
import type { Io } from './io.ts';
import { buildProgram } from './program.ts';
import type { Session } from './session.ts';
import { styleFor } from './term/style.ts';

/**
 * Runs one command line and returns the exit status. Never throws, never ends the process.
 *
 * @param args the words after `holdfast`
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let session: Session | undefined;
  const program = buildProgram(io, (opened) => {
    session = opened;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    session?.clear();
    const failure = session?.isAnswered() === true ? failureOf(error) : failureFrom(error, io);
    const format = session?.format ?? earlyFormat(args, io.env);
    const style = styleFor(io.stderr, io.env, !args.includes('--no-color'));
    io.stderr.write(renderFailure(failure, format, style, args.includes('--debug')));
    return failure.exitCode;
  }
}

/**
 * After a signal, whatever broke off did so because of it; a restore tells how it can be taken up again, and what goes on
 * elsewhere how it can be followed.
 */
function failureFrom(error: unknown, io: Io): ReturnType<typeof failureOf> {
  const isTold = isFailure(error, 'restore-paused') || isFailure(error, 'following-ended');
  if (io.signal.aborted && !isTold) return failureOf(io.signal.reason);
  return error instanceof CommanderError ? usageFailure(error) : failureOf(error);
}
