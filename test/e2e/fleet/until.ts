import { setTimeout as sleep } from 'node:timers/promises';

/** Against a hang, not against a slow machine. */
const withinMs = 120_000;

/** Waits until something is so; what is thrown meanwhile means that it is not so yet. */
export async function until(what: string, isSo: () => Promise<boolean>, limitMs = withinMs): Promise<void> {
  const deadline = performance.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      if (await isSo()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      throw new Error(`not within ${limitMs / 1000} s: ${what}`, { cause: last });
    await sleep(100);
  }
}
