import { failureTable } from '@holdfast/base';
import type { RunOutcome } from '../state.ts';

type Told = NonNullable<RunOutcome['failure']>;

/** Why a run failed, for an alert: the sentence of the failure with its code. */
export function causeOf(failure: Told | null): string {
  return failure === null ? 'it was not said why' : `${failure.why} (${failure.code})`;
}

/** What the failure table says is to be done; what only the failure itself knows stands in capitals. */
export function remedyOf(failure: Told | null): string {
  const entry = entryOf(failure);
  if (entry === undefined) return 'Look into the log of the daemon.';
  return entry.next.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase());
}

/** Whether it means that something stored is not what it was (exit status 4), rather than that nothing could be found out. */
export function isDamage(failure: Told | null): boolean {
  return entryOf(failure)?.exit === 4;
}

function entryOf(failure: Told | null): (typeof failureTable)[keyof typeof failureTable] | undefined {
  if (failure === null || !Object.hasOwn(failureTable, failure.code)) return undefined;
  return failureTable[failure.code as keyof typeof failureTable];
}
