import { isFailure } from '@holdfast/base';
import type { ServerContext } from './context.ts';

/** Something that the server does by itself, again and again. */
export interface Repeated {
  /** Milliseconds from its end to its next beginning. */
  readonly everyMs: number;
  /** What is logged when it fails, as `receivers could not be told`; it is done again all the same. */
  readonly failed: string;
  /** Whether it is done once more when the server ends, so that nothing is lost. */
  readonly atEnd?: true;
  readonly work: () => Promise<void>;
}

/** Does something at once, and again and again until the signal. Rejects with nothing. */
export async function repeat(
  { clock, log }: Pick<ServerContext, 'clock' | 'log'>,
  { everyMs, failed, atEnd, work }: Repeated,
  signal: AbortSignal,
): Promise<void> {
  const once = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      // What an end cuts short has not failed.
      if (signal.aborted && atEnd !== true) return;
      log.error({ why: isFailure(error) ? `${error.message}: ${error.why}` : String(error) }, failed);
    }
  };
  while (!signal.aborted) {
    await once();
    await clock.sleep(everyMs, signal).catch(() => undefined);
  }
  if (atEnd === true) await once();
}
