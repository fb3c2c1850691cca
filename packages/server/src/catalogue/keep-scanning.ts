import { createHash } from 'node:crypto';
import { isFailure } from '@holdfast/base';
import type { ServerContext } from '../context.ts';
import type { Scan } from './catalogue.ts';

/** What looks into repositories. */
interface Scanner {
  scanRepository(name: string, signal: AbortSignal): Promise<void>;
  scan(cluster: string, signal: AbortSignal): Promise<Scan>;
}

/** Milliseconds between two looks through one repository, of which a part is put off, always the same for its name. */
const everyMs = 15 * 60_000;
const spreadMs = 2 * 60_000;
/** Milliseconds between two looks whether one is due. */
const turnMs = 15_000;
/** Milliseconds for which one replica has this duty. */
const leadMs = 60_000;
/** Milliseconds in which a cluster counts as new: what repositories hold of it is looked for at once. */
const newMs = 10 * 60_000;

/**
 * Looks through every repository once in a while, and for a cluster that was just added at once. One replica does. One that
 * cannot be read is tried again with the next round.
 */
export async function keepScanning(
  context: ServerContext,
  scanner: Scanner,
  signal: AbortSignal,
): Promise<void> {
  const { clock, store } = context;
  const rung = new Set<string>();
  const silence = store.bell.on('cluster', (id) => rung.add(id));
  const tried = new Map<string, number>();
  try {
    while (!signal.aborted) {
      await quietly(context, signal, 'looking through repositories', async () => {
        if (!(await leads(context))) return rung.clear();
        await scanNew(context, scanner, rung, signal);
        for (const { name } of await due(context, tried)) {
          if (signal.aborted || !(await leads(context))) return;
          tried.set(name, clock.monotonic());
          await quietly(context, signal, `looking through ${name}`, () =>
            scanner.scanRepository(name, signal),
          );
        }
      });
      await clock.sleep(turnMs, signal).catch(() => undefined);
    }
  } finally {
    silence();
  }
}

async function leads({ store, clock, replica }: ServerContext): Promise<boolean> {
  const now = clock.now();
  const until = new Date(now.getTime() + leadMs);
  return await store.settings.lead('catalogue', replica, now.toISOString(), until.toISOString());
}

async function due(
  { store, clock }: ServerContext,
  tried: ReadonlyMap<string, number>,
): Promise<{ readonly name: string }[]> {
  const now = clock.now().getTime();
  return (await store.repositories.all()).filter(({ name, spec, scannedAt }) => {
    if (!spec.readByServer) return false;
    const last = tried.get(name);
    const since = last === undefined ? now - Date.parse(scannedAt ?? '1970-01-01') : clock.monotonic() - last;
    // A clock that was set back puts nothing off for long.
    return since < 0 || since >= everyMs - putOffMs(name);
  });
}

async function scanNew(
  { store, clock }: ServerContext,
  scanner: Scanner,
  rung: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const ids = [...rung];
  rung.clear();
  for (const id of ids) {
    const cluster = await store.clusters.get(id);
    if (cluster === undefined || clock.now().getTime() - Date.parse(cluster.createdAt) > newMs) continue;
    const known = await store.snapshots.list({ cluster: id, limit: 1 });
    if (known.items.length === 0) await scanner.scan(id, signal);
  }
}

/** So that not all are looked through at once. */
function putOffMs(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE() % spreadMs;
}

async function quietly(
  { log }: ServerContext,
  signal: AbortSignal,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (signal.aborted) return;
    const why = isFailure(error) ? `${error.message}: ${error.why}` : String(error);
    log.warn({ why }, `${what} failed`);
  }
}
