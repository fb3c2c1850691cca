import { isFailure } from '@holdfast/base';
import type { ServerContext } from '../context.ts';
import { beginDue } from './due-runs.ts';

/** Makes the operations that policies promise. */
export interface Scheduler {
  /** Until the signal says so. Any number of replicas may do so at once. */
  run(signal: AbortSignal): Promise<void>;
  /** A policy was changed: it is looked at now what is due. */
  wake(): void;
  /** One look: makes what is due now. @returns whether there was more than is done in one look */
  tick(): Promise<boolean>;
}

/** Milliseconds after which it is looked again whatever was known: a policy may have come by way of another replica. */
const lookMs = 5_000;
/** Policies of one look, and how many of them are begun at the same time: the store puts them on its disk together. */
const atOnce = 200;
const together = 16;

function told(error: unknown): string {
  return isFailure(error) ? `${error.message}: ${error.why}` : String(error);
}

/** @param onMade told that there are new operations, see RunningOperations.nudge */
export function makeScheduler(context: ServerContext, onMade: () => void): Scheduler {
  const { store, clock, log, random } = context;
  const rung = { wake: Promise.withResolvers<void>() };
  const wake = (): void => rung.wake.resolve();

  const beginOne = async (cluster: string, name: string): Promise<boolean> => {
    try {
      const making = { random, now: clock.now() };
      const { made, skipped } = await store.transaction((tables) =>
        beginDue(tables, { cluster, name }, making),
      );
      for (const what of skipped) log.warn({ cluster, policy: name }, what);
      if (made.length > 0) onMade();
      return true;
    } catch (error) {
      log.error({ cluster, policy: name, why: told(error) }, 'a policy that is due could not be begun');
      return false;
    }
  };

  const tick = async (): Promise<boolean> => {
    const due = await store.policies.dueAt(clock.now().toISOString(), atOnce);
    // Each replica begins with others of them, so that they are in each other's way less often.
    const from = due.length === 0 ? 0 : Buffer.from(random(2)).readUInt16BE() % due.length;
    const waiting = [...due.slice(from), ...due.slice(0, from)];
    let hasGone = due.length > 0;
    const beginAll = async (): Promise<void> => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
        hasGone = (await beginOne(one.cluster, one.policy.name)) && hasGone;
    };
    await Promise.all(Array.from({ length: together }, beginAll));
    return hasGone && due.length === atOnce;
  };

  const restMs = async (): Promise<number> => {
    const next = await store.policies.nextDueAt();
    const dueIn = next === null ? lookMs : Date.parse(next) - clock.now().getTime();
    return Math.min(Math.max(dueIn, 100), lookMs);
  };

  return {
    tick,
    wake,
    run: async (signal) => {
      signal.addEventListener('abort', wake);
      while (!signal.aborted) {
        let ms = lookMs;
        try {
          ms = (await tick()) ? 0 : await restMs();
        } catch (error) {
          log.error({ why: told(error) }, 'it could not be looked at which policies are due');
        }
        if (ms === 0 || signal.aborted) continue;
        const rest = new AbortController();
        const sleeping = clock.sleep(ms, rest.signal).catch(() => {});
        await Promise.race([sleeping, rung.wake.promise]);
        rest.abort();
        rung.wake = Promise.withResolvers<void>();
      }
      signal.removeEventListener('abort', wake);
    },
  };
}
