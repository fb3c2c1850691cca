import { orAborted } from './or-aborted.ts';

/** How long something is waited for, and what ends it. */
export interface InTime {
  /** Milliseconds. */
  readonly ms: number;
  /** Thrown after them. */
  readonly failure: Error;
  /** Ends it earlier. */
  readonly signal: AbortSignal;
}

/**
 * Waits so long and no longer for work that leaves nothing half done. Its requests are ended when it is given up, and not
 * once it is done.
 *
 * @throws the failure, the signal's reason, or what the work throws
 */
export async function inTime<T>(
  work: () => Promise<T>,
  requests: AbortController,
  { ms, failure, signal }: InTime,
): Promise<T> {
  let isDone = false;
  const end = (reason: unknown): void => {
    if (!isDone) requests.abort(reason);
  };
  // Not the clock's sleep, which would keep the process until it is over.
  AbortSignal.timeout(ms).addEventListener('abort', () => end(failure));
  if (signal.aborted) end(signal.reason);
  const stop = (): void => end(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    return await orAborted(work(), requests.signal);
  } finally {
    isDone = true;
    signal.removeEventListener('abort', stop);
  }
}

/** Milliseconds in which something that was interrupted clears away what it began, before its requests are cut off as well. */
const clearingMs = 5_000;

/** Ends requests some seconds after a signal; nothing waits for it. */
export function abortAfterClearing(signal: AbortSignal, requests: AbortController): void {
  const later = (): void => {
    // Not the clock's sleep, which would keep the process until it is over.
    AbortSignal.timeout(clearingMs).addEventListener('abort', () => requests.abort(signal.reason));
  };
  if (signal.aborted) later();
  else signal.addEventListener('abort', later, { once: true });
}
