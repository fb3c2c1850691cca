import { createHash } from 'node:crypto';
import { canonicalJson } from '@holdfast/model';
import { firstAuditHash, type AuditEntry } from '@holdfast/model/fleet';

/** The hash of an entry: SHA-256 in hexadecimal of all its other fields, as canonical JSON. */
export function auditHash(entry: Omit<AuditEntry, 'hash'>): string {
  const { hash: _, ...rest } = entry as AuditEntry;
  return createHash('sha256').update(canonicalJson(rest)).digest('hex');
}

/** What is wrong with an exported audit log, and at which entry first. */
export interface AuditFlaw {
  readonly n: number;
  readonly why: string;
}

/** The last entry of a log: whoever has it in another place sees a log that was cut off or made anew. */
export type AuditHead = Pick<AuditEntry, 'n' | 'hash'>;

/**
 * Follows the hashes of an audit log: sees an entry that was changed, left out, put in or moved. That the newest entries
 * were cut off, or that whoever may write the database made all hashes anew, it sees by a head of before alone, and only as
 * far as that one reaches.
 *
 * @param entries by number, from the first one
 * @param head of an earlier export, kept in another place
 * @returns undefined where all fits together
 */
export async function verifyAudit(
  entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
  head?: AuditHead,
): Promise<AuditFlaw | undefined> {
  let before = firstAuditHash;
  let n = 1;
  for await (const entry of entries) {
    if (entry.n !== n) return { n, why: `entry ${n} is not there: ${entry.n} comes instead` };
    if (entry.before !== before) return { n, why: `entry ${n} does not follow the one before it` };
    if (entry.hash !== auditHash(entry)) return { n, why: `entry ${n} was changed` };
    if (n === head?.n && entry.hash !== head.hash)
      return { n, why: `entry ${n} is another one than it was, and all before it may be` };
    before = entry.hash;
    n += 1;
  }
  if (head !== undefined && n <= head.n)
    return { n, why: `entry ${n} is not there: the log was cut off, it had ${head.n} entries` };
  return undefined;
}
