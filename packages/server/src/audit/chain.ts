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

/**
 * Follows the hashes of an audit log: sees an entry that was changed, left out, put in or moved. It cannot see that the
 * newest entries were cut off, nor that whoever may write the database made all hashes anew: for both, keep the number
 * and hash of the last entry of each export in another place, and compare.
 *
 * @param entries by number, from the first one
 * @returns undefined where all fits together
 */
export async function verifyAudit(
  entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
): Promise<AuditFlaw | undefined> {
  let before = firstAuditHash;
  let n = 1;
  for await (const entry of entries) {
    if (entry.n !== n) return { n, why: `entry ${n} is not there: ${entry.n} comes instead` };
    if (entry.before !== before) return { n, why: `entry ${n} does not follow the one before it` };
    if (entry.hash !== auditHash(entry)) return { n, why: `entry ${n} was changed` };
    before = entry.hash;
    n += 1;
  }
  return undefined;
}
