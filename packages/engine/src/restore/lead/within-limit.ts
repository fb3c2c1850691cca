import type { Clock } from '@holdfast/base';

/** How an act ended. `givenUp`: its signal was aborted from outside before it was done. */
export type Ending<T> =
  | { readonly outcome: 'done'; readonly value: T }
  | {
      readonly outcome: 'failed' | 'givenUp';
      readonly error: unknown;
      /** False when it was told to stop and still acts: what it changes must not be changed by anyone else. */
      readonly settled: boolean;
    };

/** Milliseconds that an act is given to end after it was told to stop. */
const graceMs = 30_000;

/**
 * Lets an act run for `limitMs` milliseconds, then tells it to stop, and waits until it has. An act that is done all
 * the same is done.
 *
 * @param late the error of an act that took too long, with what the act itself gave up on, if it said so
 */
export async function withinLimit<T>(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal,
  late: (last?: unknown) => Error,
  act: (endOfStep: AbortSignal) => Promise<T>,
): Promise<Ending<T>> {
  if (signal.aborted) return { outcome: 'givenUp', error: signal.reason, settled: true };
  const end = new AbortController();
  const work = ending(act, AbortSignal.any([signal, end.signal]));
  const first = await Promise.race([work, timer(clock, limitMs, signal, work)]);
  if (first !== 'over') return given(first, signal);
  const error = signal.aborted ? signal.reason : late();
  end.abort(error);
  const last = await Promise.race([work, timer(clock, graceMs, undefined, work)]);
  if (last !== 'over' && last.outcome === 'done') return last;
  if (last !== 'over' && !signal.aborted && last.error !== error)
    return { outcome: 'failed', error: late(last.error), settled: true };
  return { outcome: signal.aborted ? 'givenUp' : 'failed', error, settled: last !== 'over' };
}

async function ending<T>(
  act: (endOfStep: AbortSignal) => Promise<T>,
  endOfStep: AbortSignal,
): Promise<Ending<T>> {
  try {
    return { outcome: 'done', value: await act(endOfStep) };
  } catch (error) {
    return { outcome: 'failed', error, settled: true };
  }
}

/** An act that fails because it was told to stop was given up. */
function given<T>(ended: Ending<T>, signal: AbortSignal): Ending<T> {
  return ended.outcome === 'failed' && signal.aborted ? { ...ended, outcome: 'givenUp' } : ended;
}

/** Tells when `ms` milliseconds are over, or the signal is aborted; stops counting when the work ends. */
async function timer(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  work: Promise<unknown>,
): Promise<'over'> {
  const ended = new AbortController();
  void work.finally(() => ended.abort());
  try {
    await clock.sleep(ms, signal ? AbortSignal.any([signal, ended.signal]) : ended.signal);
  } catch {
    // Aborted: by the signal, or because nobody listens any more.
  }
  return 'over';
}
