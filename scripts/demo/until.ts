import { setTimeout as sleep } from 'node:timers/promises';

const withinMs = 60_000;

/** Asks again and again until there is an answer; what is thrown meanwhile means that there is none yet. */
export async function until<T>(what: string, answer: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + withinMs;
  let cause: unknown;
  for (;;) {
    try {
      const found = await answer();
      if (found !== undefined) return found;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${withinMs / 1000} s: ${what}`, { cause });
    await sleep(100);
  }
}
