import type { AuditEntry } from '@holdfast/model/fleet';
import type { ServerContext } from '../context.ts';
import { repeat } from '../repeat.ts';
import { addressGroup } from '../auth/address.ts';
import { makeBuckets } from '../auth/buckets.ts';

/** What somebody did, or was refused; never with a secret in it. */
export type AuditNote = Omit<AuditEntry, 'n' | 'before' | 'hash' | 'at'>;

/** Writes the audit log. */
export interface Auditor {
  /**
   * Writes an entry. That of a change is written before its reply, and the request fails where this fails: nothing is
   * changed unseen. What an address is refused, or fails at without a token, is written as it comes up to a limit, then
   * only counted, so that nobody can fill the disk with it.
   *
   * @throws Failure store-unreachable, store-full
   */
  readonly note: (entry: AuditNote) => Promise<void>;
  /** Writes each minute, and at the end, how many refusals were only counted. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Refusals of one address that are written at once, and then each so many seconds; and of all addresses together. */
const perAddress = { burst: 20, perSecond: 0.1, most: 10_000 };
const ofAll = { burst: 200, perSecond: 2, most: 1 };
const minute = 60_000;
/** Addresses that are named with their count. */
const named = 5;

/** The writer of the audit log of one replica. */
export function auditor(context: ServerContext): Auditor {
  const addresses = makeBuckets(context.clock, perAddress);
  const together = makeBuckets(context.clock, ofAll);
  let counted = new Map<string, number>();
  let others = 0;

  const write = async (entry: AuditNote): Promise<void> => {
    await context.store.audit.append({
      ...(withoutTokens(entry) as AuditNote),
      at: context.clock.now().toISOString(),
    });
  };
  const tellCounted = async (): Promise<void> => {
    const refusals = [...counted.values()].reduce((sum, count) => sum + count, others);
    if (refusals === 0) return;
    const most = [...counted].sort(([, a], [, b]) => b - a).slice(0, named);
    counted = new Map();
    others = 0;
    const details = { count: refusals, most: Object.fromEntries(most) };
    await write({ ...byTheServer, action: 'refusals', outcome: 'refused', details });
  };
  return {
    async note(entry) {
      const isCheap = entry.outcome === 'refused' || (entry.outcome === 'failed' && entry.token === null);
      if (isCheap && entry.address !== null) {
        const address = addressGroup(entry.address);
        if (addresses.take(address) > 0 || together.take('') > 0) {
          if (counted.has(address) || counted.size < perAddress.most)
            counted.set(address, (counted.get(address) ?? 0) + 1);
          else others += 1;
          return;
        }
      }
      await write(entry);
    },
    run: async (signal) => {
      const failed = 'refusals could not be written to the audit log';
      await repeat(context, { everyMs: minute, failed, atEnd: true, work: tellCounted }, signal);
    },
  };
}

const byTheServer = { by: 'server', token: null, address: null, of: null, cluster: null } as const;

/** What looks like a token of ours is never written, whoever put it where. */
function withoutTokens(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replaceAll(/((?:t|token|j)-[a-z0-9]{5,12}[_:])[A-Za-z0-9_-]{43}/g, '$1…');
  if (Array.isArray(value)) return value.map(withoutTokens);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, withoutTokens(of)]));
}
