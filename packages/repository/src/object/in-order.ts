import { availableParallelism } from 'node:os';

/**
 * How many pieces are worked on at once by the threads that Node has anyway (libuv's pool, four of them): two more than
 * there are processors, so that none waits while a piece is given on.
 */
export const atOnce = Math.min(availableParallelism() + 2, 6);

/**
 * Works on several pieces at once and gives the results in the order of the pieces. No more pieces are taken than are
 * being worked on. What fails is thrown where its result would have been given, a source that breaks after the rest.
 */
export async function* inOrder<T>(pieces: AsyncIterable<() => Promise<T>>): AsyncGenerator<T> {
  const source = pieces[Symbol.asyncIterator]();
  const working: Promise<T>[] = [];
  let broken: { readonly error: unknown } | undefined;
  let more = true;
  try {
    while (more || working.length > 0) {
      while (more && working.length < atOnce) {
        try {
          const next = await source.next();
          if (next.done === true) more = false;
          else working.push(begin(next.value));
        } catch (error) {
          broken = { error };
          more = false;
        }
      }
      const first = working.shift();
      if (first !== undefined) yield await first;
    }
    if (broken !== undefined) throw broken.error;
  } finally {
    await source.return?.();
  }
}

/** Whoever waits for it hears of its failure; until then nobody does. */
function begin<T>(work: () => Promise<T>): Promise<T> {
  const begun = work();
  begun.catch(() => undefined);
  return begun;
}
