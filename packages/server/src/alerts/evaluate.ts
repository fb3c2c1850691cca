import type { ServerContext } from '../context.ts';
import { alertsOf } from './alerts-of.ts';
import { readFacts } from './facts.ts';
import { emptyLedger, judged, Ledger } from './ledger.ts';

const setting = 'alerts.ledger';

/** What an evaluation has changed. */
export interface Evaluated {
  readonly fired: number;
  readonly resolved: number;
  /** Open now, of severity `critical`. */
  readonly critical: number;
}

/**
 * Looks at everything that is stored, and stores which alerts fire and which resolve, with a notice of each for every
 * receiver: all of it or nothing, so that each is told of once however many replicas evaluate, and whenever one dies.
 *
 * @throws Failure of the store
 */
export async function evaluate({ store, clock, log }: ServerContext): Promise<Evaluated> {
  const now = clock.now();
  const conditions = alertsOf(await readFacts(store), now);
  const evaluated = await store.transaction(async ({ alerts, settings }) => {
    const [open, kept] = await Promise.all([alerts.open(), settings.get(setting)]);
    const ledger = parsed(kept);
    const next = judged(ledger, open, conditions, now);
    if (next.fired.length > 0 || next.resolved.length > 0)
      await alerts.change(next.fired, next.resolved, now.toISOString());
    if (next.ledger !== ledger) await settings.set(setting, Buffer.from(JSON.stringify(next.ledger)));
    const ended = new Set(next.resolved.map(({ key }) => key));
    const left = [...open.filter(({ key }) => !ended.has(key)), ...next.fired];
    return {
      fired: next.fired,
      resolved: next.resolved,
      critical: left.filter(({ severity }) => severity === 'critical').length,
    };
  });
  for (const { key, what } of evaluated.fired) log.warn({ alert: key, what }, 'an alert has fired');
  for (const { key } of evaluated.resolved) log.info({ alert: key }, 'an alert is over');
  return { ...evaluated, fired: evaluated.fired.length, resolved: evaluated.resolved.length };
}

/** A ledger that cannot be read is begun anew: what is open stays open. */
function parsed(kept: Uint8Array | undefined): Ledger {
  if (kept === undefined) return emptyLedger;
  try {
    return Ledger.safeParse(JSON.parse(Buffer.from(kept).toString('utf8'))).data ?? emptyLedger;
  } catch {
    return emptyLedger;
  }
}
