import type { FleetAlert } from '@holdfast/model/fleet';
import { z } from 'zod';
import type { Condition } from './condition.ts';

/**
 * What is remembered between two evaluations, beside the alerts that are open: since when conditions that come and go are
 * so without an alert, and since when those of open alerts are not so any more.
 */
export const Ledger = z.object({
  /** Of the newest facts that were judged. */
  at: z.string(),
  /** By the key of a condition that no alert has fired for yet. */
  seen: z.record(z.string(), z.string()),
  /** By the key of an open alert. */
  gone: z.record(z.string(), z.string()),
});
export type Ledger = z.infer<typeof Ledger>;

export const emptyLedger: Ledger = { at: '1970-01-01T00:00:00.000Z', seen: {}, gone: {} };

/** Conditions that may come and go by the minute. The others have lasted for long already, or end by what somebody does. */
const jumpy: ReadonlySet<Condition['kind']> = new Set([
  'clock-skew',
  'node-gone',
  'repository-unreachable',
  'member-unhealthy',
]);
/** Milliseconds that such a condition has to last before it fires, and to be gone before it resolves. */
const firesAfterMs = 60_000;
const resolvesAfterMs = 5 * 60_000;
/** Milliseconds of a clock that was set back; what was judged further ahead is not waited for. */
const clockMs = 5 * 60_000;

/** What is to be told, and what is to be remembered. */
export interface Judged {
  readonly fired: readonly FleetAlert[];
  readonly resolved: readonly FleetAlert[];
  readonly ledger: Ledger;
}

/**
 * Judges what is so now by what was: each alert fires once its condition has lasted, and resolves once it has been gone, for
 * as long as its kind asks for. Facts that are older than those that were judged already change nothing: of two replicas
 * that take turns, or were both leading for a moment, the newer facts count.
 *
 * @param open the alerts that have fired and not resolved
 */
export function judged(
  ledger: Ledger,
  open: readonly FleetAlert[],
  conditions: readonly Condition[],
  now: Date,
): Judged {
  const ahead = Date.parse(ledger.at) - now.getTime();
  if (ahead > 0 && ahead < clockMs) return { fired: [], resolved: [], ledger };
  const at = now.toISOString();
  const so = new Map(conditions.map((each) => [each.key, each]));
  const isOpen = new Set(open.map(({ key }) => key));
  const fired: FleetAlert[] = [];
  const resolved: FleetAlert[] = [];
  const seen: Record<string, string> = {};
  const gone: Record<string, string> = {};
  for (const each of so.values()) {
    if (isOpen.has(each.key)) continue;
    const since = earlier(ledger.seen[each.key], at);
    if (!jumpy.has(each.kind)) fired.push({ ...each, resolvedAt: null });
    else if (lasted(since, now, firesAfterMs))
      fired.push({ ...each, since: earlier(each.since, since), resolvedAt: null });
    else seen[each.key] = since;
  }
  for (const alert of open) {
    if (so.has(alert.key)) continue;
    const since = earlier(ledger.gone[alert.key], at);
    if (!jumpy.has(alert.kind)) resolved.push({ ...alert, resolvedAt: at });
    else if (lasted(since, now, resolvesAfterMs)) resolved.push({ ...alert, resolvedAt: since });
    else gone[alert.key] = since;
  }
  return { fired, resolved, ledger: { at, seen, gone } };
}

/** What was noted before the clock was set back counts from now. */
function earlier(known: string | undefined, at: string): string {
  return known === undefined || known > at ? at : known;
}

function lasted(since: string, now: Date, ms: number): boolean {
  return now.getTime() - Date.parse(since) >= ms;
}
