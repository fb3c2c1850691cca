/**
 * The right to be the only writer below a scope (a cluster's folder), fenced: what a holder commits after another has
 * taken over is never listed. Made of write-once objects alone.
 *
 * ## The chain
 *
 * `<scope>/lease/<position>.json`, positions from 1 on. Each entry is one act of a holder (take, renew, commit,
 * withdraw, release) and is put at the position right after the last one, so that all who want to act contend for one
 * key and the storage lets one win. An epoch is the position at which its holder took the lease. An entry says all that
 * is committed by it: its `base` (an earlier entry, of which the list is whole) and the changes since. A take therefore
 * carries what counts of the epochs before, and the put that takes the lease is the one that closes them.
 *
 * A holder only puts behind its own entries. Whoever takes puts behind the last entry that it saw: when the holder did
 * anything in the meantime, be it a renewal, the position is taken and the take fails. When the take comes first, the
 * holder's next put fails, and it finds an entry that is not its own: `lease-lost`.
 *
 * To list what is committed first and then to write the lease under another key would not do: the old holder can commit
 * between the two, look, see no newer lease, and report a success that nobody will list.
 *
 * ## Pruning
 *
 * The newest entries stay (`leaseEntriesKept` of them, and all of the last `leaseEntryAgeMs`), and the base of the last
 * one; a holder removes others. Then a position is free again, and a put that has been on its way for so long succeeds
 * there. Such an entry is void. Two rules see to it that nobody believes it:
 *
 * - After its put a writer lists the positions. If its own is the last, no position from there on had been pruned. If
 *   not, it is told by the next entry, which names the one it builds on, and else by the list of the last entry.
 * - A reader lists the positions, reads from the last one on, and lists them again. What is kept at the second look
 *   was kept all the time. A base, which may be older, is known by its id.
 *
 * ## Why it holds
 *
 * Call the first entry that was ever put at a position true. Whoever acts has read (rule two) or put (rule one) the
 * true entry before, so the true entries are one sequence, and the last of them is never removed.
 *
 * 1. One order: a position has one true entry, and each builds on the one before. Between a take and the next, all are
 *    of one holder: its entries name its epoch, and another's first one is a take.
 * 2. What is reported as committed is listed until it is withdrawn: the report comes after rule one, so the entry is
 *    true; all later ones carry its change on; and its object was durable before.
 * 3. What is reported as `lease-lost` is not listed from then on: its entry was tried at one position only, which
 *    another's true entry has, or was found void. An entry whose put failed without an answer is no exception: before
 *    its holder goes on, that very position has to be filled, by whichever of its attempts came first.
 *
 * A death leaves at most an object that no entry names, or an entry whose writer does not know that it counts. An
 * answer that was lost is made up for by reading the position: entries have ids. Time decides nothing of this. It only
 * says when a taker may try: after a release, after the end of a process that can be seen, or when the chain has
 * stood still for the holder's `ttlMs` and a margin by the taker's own monotonic clock. Wall clocks are never compared.
 *
 * ## What it needs of a storage
 *
 * That a key is written once, by one writer: all of the above falls with it. And listings that show what was put before
 * them. One that lags is caught up with by asking for the positions that follow, which are all there for
 * `leaseEntryAgeMs`; one that lags behind more than that could show a pruned chain as shorter than it is, and two
 * writers would each see themselves alone. Where that can be, `keepMs` is to be without end: the chain then has no
 * holes, and the last position is found without listing.
 */
export { WriterLease, type LeaseOptions, type LeaseTenure } from './writer-lease.ts';
export type { AcquireOptions } from './acquire.ts';
export type { Lease } from './lease.ts';
export type { Committed, LeaseHolder } from './entry.ts';
