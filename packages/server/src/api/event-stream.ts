import type { Clock } from '@holdfast/base';
import type { z } from 'zod';

/** Proxies give up connections on which nothing moves for a minute. */
const heartbeatMs = 15_000;

/**
 * Things as server-sent events, each with its `n` as id; a comment goes out while nothing happens. After the last of them
 * comes an event of type `end`: who gets it need not ask again, as after an end that the signal brought.
 *
 * @param told what a failure in the midst is told as, in an event of type `problem`, which is the last
 */
export async function* eventStream(
  events: AsyncIterable<unknown>,
  schema: z.ZodType,
  clock: Clock,
  signal: AbortSignal,
  told: (error: unknown) => unknown,
): AsyncGenerator<string> {
  yield 'retry: 2000\n\n';
  const iterator = events[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    while (!signal.aborted) {
      const beat = new AbortController();
      const waited = clock.sleep(heartbeatMs, AbortSignal.any([signal, beat.signal])).then(
        () => 'beat' as const,
        () => 'beat' as const,
      );
      const first = await Promise.race([next, waited]);
      beat.abort();
      if (signal.aborted) break;
      if (first === 'beat') {
        yield ': still here\n\n';
        continue;
      }
      if (first.done === true) {
        yield 'event: end\ndata: {}\n\n';
        return;
      }
      yield eventText(schema.parse(first.value));
      next = iterator.next();
    }
    // Nobody hears any more how it ends.
    next.catch(() => {});
  } catch (error) {
    if (!signal.aborted) yield `event: problem\ndata: ${JSON.stringify(told(error))}\n\n`;
  } finally {
    void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

function eventText(event: unknown): string {
  const { n } = event as { readonly n?: number };
  return `${n === undefined ? '' : `id: ${n}\n`}data: ${JSON.stringify(event)}\n\n`;
}

/** Things as JSON, one a line. */
export async function* jsonLines(items: AsyncIterable<unknown>, schema: z.ZodType): AsyncGenerator<string> {
  for await (const item of items) yield `${JSON.stringify(schema.parse(item))}\n`;
}

/**
 * Waits for the first of a stream, so that what fails before it fails as a whole.
 *
 * @throws what the stream throws before its first item
 */
export async function begun<Item>(items: AsyncIterable<Item>): Promise<AsyncIterable<Item>> {
  const iterator = items[Symbol.asyncIterator]();
  const first = await iterator.next();
  async function* all(): AsyncGenerator<Item> {
    try {
      for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return all();
}
