import type { AlertRecord, DaemonState } from '../state.ts';
import type { Alert } from './alert.ts';

export type Ledger = DaemonState['alerts'];

/** One thing that a receiver is still to be told: that an alert began, or that it ended. */
export interface Tiding {
  readonly key: string;
  readonly status: 'firing' | 'resolved';
  readonly record: Ledger[string];
}

/** The ledger after a look: what fires now and was not known begins, and what does not fire any more ends. */
export function lookedAgain(ledger: Ledger, firing: readonly Alert[], now: Date): Ledger {
  const next: Ledger = {};
  for (const [key, record] of Object.entries(ledger)) next[key] = ended(record, now);
  for (const { key, since, severity, sentence, cause, remedy } of firing) {
    const known = ledger[key];
    const text = { severity, sentence, cause, remedy };
    next[key] =
      known === undefined
        ? { since: since.toISOString(), endedAt: null, again: null, told: false, ...text }
        : goingOn(known, now);
  }
  return next;
}

function ended(record: AlertRecord, now: Date): AlertRecord {
  if (record.endedAt !== null && record.again === null) return record;
  // What began again and ended before anybody could be told of the first end: that was later then.
  return { ...record, endedAt: now.toISOString(), again: null };
}

function goingOn(record: AlertRecord, now: Date): AlertRecord {
  if (record.endedAt === null || record.again !== null) return record;
  // Its end may have been sent, even by a process that was killed then; without its beginning it was not.
  return record.told ? { ...record, again: now.toISOString() } : { ...record, endedAt: null };
}

/** What is to be told next, at most one thing of each alert: of one that has ended untold, first that it began. */
export function tidingsOf(ledger: Ledger): Tiding[] {
  return Object.entries(ledger).flatMap(([key, record]): Tiding[] => {
    if (!record.told) return [{ key, status: 'firing', record }];
    return record.endedAt === null ? [] : [{ key, status: 'resolved', record }];
  });
}

/** The ledger once a receiver has taken these, whatever has happened meanwhile. */
export function whenTold(ledger: Ledger, told: readonly Tiding[]): Ledger {
  const next: Ledger = { ...ledger };
  for (const { key, status } of told) {
    const now = next[key];
    if (now === undefined) continue;
    if (status === 'firing') next[key] = { ...now, told: true };
    else if (now.again === null) delete next[key];
    else next[key] = { ...now, since: now.again, endedAt: null, again: null, told: false };
  }
  return next;
}

/** The ledger where nobody is to be told: what has ended is forgotten. */
export function withoutReceiver(ledger: Ledger): Ledger {
  return Object.fromEntries(Object.entries(ledger).filter(([, { endedAt }]) => endedAt === null));
}
