import { Failure, limits, type Clock } from '@holdfast/base';
import { hasEnded } from '../holder.ts';
import type { Storage } from '../storage/storage.ts';
import type { Chain, Head } from './chain.ts';
import type { LeaseEntry } from './entry.ts';
import { entryAfter, hasGivenUp, Lease, type EntrySource } from './lease.ts';

/** How long to wait for a holder that seems to live. */
export interface AcquireOptions {
  /** Milliseconds; a holder that died far away is only known for it after its `ttlMs` and a margin. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** An entry, and since when (monotonic, milliseconds) it has been the last one as far as can be said. */
interface Sight {
  readonly id: string;
  readonly since: number;
}

/** How often a held lease is looked at while it is waited for. */
const looks = 8;

/**
 * Takes the lease where nobody has it: it was released, its holder's process is seen to have ended or is this one and
 * done with it, or the chain has not grown for the holder's `ttlMs` and `marginMs` between the end of one look and the
 * beginning of another, by this process's own monotonic clock. Nothing that is committed hangs on this judgement.
 *
 * @throws lease-held, what storages throw
 */
export async function acquire(
  storage: Storage,
  chain: Chain,
  source: EntrySource,
  marginMs: number,
  options: AcquireOptions,
): Promise<Lease> {
  const { clock } = chain;
  const deadline = clock.monotonic() + options.waitMs;
  let sight: Sight | undefined;
  for (;;) {
    const began = clock.monotonic();
    const head = await chain.head();
    const { entry } = head;
    const patience = Math.min(entry?.ttlMs ?? 0, limits.leaseTtlMostMs) + marginMs;
    const silent = sight !== undefined && sight.id === entry?.id && began - sight.since >= patience;
    if (silent || isFree(entry) || (entry && hasGivenUp(entry.holder))) {
      const lease = await take(storage, chain, source, head);
      if (lease !== undefined) return lease;
    } else if (sight?.id !== entry?.id) {
      sight = entry && { id: entry.id, since: clock.monotonic() };
    }
    const left = deadline - clock.monotonic();
    if (left <= 0) throw heldBy(chain, entry, clock);
    await clock.sleep(Math.min(left, patience / looks), options.signal);
  }
}

/** Undefined when another came first. */
async function take(
  storage: Storage,
  chain: Chain,
  source: EntrySource,
  head: Head,
): Promise<Lease | undefined> {
  const entry = entryAfter(chain, head, source, 'take', (head.entry?.position ?? 0) + 1);
  if (!(await chain.put(entry))) return undefined;
  const standing = await chain.standingOf(entry);
  if (standing.is !== 'head') return undefined;
  return new Lease(storage, chain, source, { entry, committed: head.committed });
}

/** Whether nobody holds the lease, as can be told at one look. */
export function isFree(entry: LeaseEntry | undefined): boolean {
  return entry === undefined || entry.act === 'release' || hasEnded(entry.holder) === true;
}

function heldBy(chain: Chain, entry: LeaseEntry | undefined, clock: Clock): Failure {
  const { scope } = chain;
  if (entry === undefined) return new Failure('lease-held', 'others came first', { scope });
  const age = Math.round((clock.now().getTime() - Date.parse(entry.at)) / 1000);
  const why = `process ${entry.holder.pid} on ${entry.holder.host} wrote ${age} s ago by its clock`;
  return new Failure('lease-held', why, { scope, host: entry.holder.host, pid: entry.holder.pid });
}
