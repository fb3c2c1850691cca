import { Failure, formatBytes, formatDuration } from '@holdfast/base';
import { saveSnapshot, type SaveReport } from '@holdfast/engine';
import type { JobPorts } from '../ports.ts';
import type { Newest } from '../state.ts';
import type { SaveEnd, SaveOrder } from '../work.ts';
import { contextOf } from './context.ts';
import { newestOfEntry } from './look.ts';

/** Saves a snapshot for a policy into all its repositories. @throws Failure as saveSnapshot; the signal's reason */
export async function save(
  ports: JobPorts,
  { policy, trigger, startedAt, mayMake }: SaveOrder,
  signal: AbortSignal,
): Promise<SaveEnd> {
  const client = await ports.connect();
  try {
    const destinations = await ports.destinations(policy.targets, mayMake, signal);
    signal.throwIfAborted();
    const name = trigger === 'schedule' ? ports.nameOf(policy, startedAt) : undefined;
    const report = await saveSnapshot(contextOf(ports, signal), {
      client,
      destinations,
      ...(policy.cluster !== undefined && { cluster: policy.cluster }),
      ...(name !== undefined && { name }),
      base: policy.name,
      trigger,
      policy: policy.name,
      ...(ports.companionsRoot !== undefined && { companionsRoot: ports.companionsRoot }),
      queue: ports.queue,
    });
    return endOf(report);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

/** What a save came to, as its policy sees it. */
export function endOf({ destinations, snapshot, warnings, durationMs }: SaveReport): SaveEnd {
  const newest: Record<string, Partial<Newest>> = {};
  const storedIn: string[] = [];
  for (const { name, snapshot: stored, outcome } of destinations) {
    if (outcome === 'dropped') newest[name] = { passing: true };
    if (stored === null) continue;
    storedIn.push(name);
    newest[name] = { ...newestOfEntry(stored), passing: false };
  }
  const size = formatBytes(snapshot.manifest.content.size);
  const where = storedIn.join(' and ');
  const note = `${snapshot.name} is ${snapshot.state} in ${where}: ${size} in ${formatDuration(durationMs)}`;
  return {
    ...verdictOf(destinations, snapshot.name),
    snapshot: snapshot.name,
    note,
    warnings,
    newest,
    storedIn,
  };
}

/** A required copy that waits in the queue is made up for; one that nobody will make is a failure. */
function verdictOf(
  destinations: SaveReport['destinations'],
  name: string,
): Pick<SaveEnd, 'outcome' | 'failure'> {
  const missing = destinations.filter(({ outcome }) => outcome === 'failed');
  if (missing.length === 0) return { outcome: 'ok', failure: null };
  const required = destinations.filter((each) => each.required);
  const lost = missing.filter((each) => each.required);
  const why = missing
    .map(
      (each) =>
        `${each.name}: ${each.failure === null ? 'it was not tried' : `${each.failure.message}: ${each.failure.why}`}`,
    )
    .join('; ');
  const details = { name, stored: required.length - lost.length, wanted: required.length };
  const forgotten = lost.some(({ queued }) => !queued);
  if (lost.length === 0) return { outcome: 'partial', failure: missing[0]!.failure };
  return { outcome: forgotten ? 'failed' : 'partial', failure: new Failure('partly-stored', why, details) };
}
