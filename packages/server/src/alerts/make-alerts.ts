import type { ServerContext } from '../context.ts';
import { repeat } from '../repeat.ts';
import { deliver } from './courier.ts';
import { evaluate } from './evaluate.ts';
import { beat } from './heartbeat.ts';

/** Milliseconds between two evaluations, and between two looks for notices that are due. */
const evaluateMs = 30_000;
const deliverMs = 5_000;
/** Milliseconds for which one replica evaluates: another takes over when it was not heard for so long. */
const leadMs = 90_000;

/** What tells by itself. */
export interface Alerts {
  /** Evaluates, tells and beats until the signal; one replica evaluates, all tell. Rejects with nothing. */
  run(signal: AbortSignal): Promise<void>;
}

/** @param ports told how long an evaluation took, for metrics */
export function makeAlerts(
  context: ServerContext,
  ports: { readonly evaluated?: (seconds: number) => void } = {},
): Alerts {
  return {
    run: async (signal) => {
      const judge = async (): Promise<void> => turn(context, ports, signal);
      const tell = async (): Promise<void> => {
        while ((await deliver(context, signal)) > 0) signal.throwIfAborted();
      };
      await Promise.all([
        repeat(
          context,
          { everyMs: evaluateMs, failed: 'alerts could not be evaluated', work: judge },
          signal,
        ),
        repeat(context, { everyMs: deliverMs, failed: 'receivers could not be told', work: tell }, signal),
      ]);
    },
  };
}

async function turn(
  context: ServerContext,
  { evaluated }: { readonly evaluated?: (seconds: number) => void },
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, replica } = context;
  const now = clock.now();
  const until = new Date(now.getTime() + leadMs).toISOString();
  if (!(await store.settings.lead('alerts', replica, now.toISOString(), until))) return;
  const begun = clock.monotonic();
  const found = await evaluate(context);
  evaluated?.((clock.monotonic() - begun) / 1000);
  await beat(context, found, signal);
}
