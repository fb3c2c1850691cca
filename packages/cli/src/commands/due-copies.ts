import { Failure, formatDuration, isFailure, limits } from '@holdfast/base';
import type { Session } from '../session.ts';
import { openQueue } from '../sources/queue.ts';
import { addressOf, openNamed } from '../sources/repository.ts';

/**
 * Makes a few of the copies that earlier saves have left and that are due, as many as can be made in a short time. The save
 * is done, whatever comes of it: all is told on stderr.
 */
export async function makeDueCopies(session: Session): Promise<void> {
  const { orAborted, runQueue } = await import('@holdfast/engine');
  const [done, stop] = [new AbortController(), new AbortController()];
  const { clock, signal } = session.io;
  const ms = limits.queueAfterSaveMs;
  const late = new Failure('interrupted', `they took longer than ${formatDuration(ms)}`);
  clock.sleep(ms, done.signal).then(
    () => stop.abort(late),
    () => {},
  );
  const within = AbortSignal.any([signal, stop.signal]);
  try {
    const open = endingWith(session, within);
    const running = runQueue(open.context, await openQueue(session), {
      open: (name) => openNamed(open, name, limits.repositoryOpenMs),
      at: (name) => addressOf(session, name),
      atMost: limits.queueCopiesAfterSave,
      onRun: ({ item, failure }) => {
        if (failure !== null)
          session.warn(`${item.snapshot} waits still to be copied to ${item.to}: ${failure.why}`);
      },
    });
    await orAborted(running, within);
  } catch (error) {
    if (within.aborted) {
      session.warn(`copies of earlier saves wait still: ${(within.reason as Failure).why}`);
      return;
    }
    if (!isFailure(error)) throw error;
    session.warn(`the queue of copies cannot be run: ${error.message}: ${error.why}`);
  } finally {
    done.abort();
  }
}

/** The same session, which ends with another signal. */
function endingWith(session: Session, signal: AbortSignal): Session {
  // A copy of its fields would ask for stdin.
  const io = Object.create(session.io, { signal: { value: signal } }) as Session['io'];
  return { ...session, io, context: { ...session.context, signal } };
}
