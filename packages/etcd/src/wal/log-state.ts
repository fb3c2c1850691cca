import { readEntry, readHardState, readOwner, readSnapshotMark, type LogOwner } from './read-data.ts';
import { recordTypes } from './records.ts';

/** A point in raft's log. */
export interface LogPoint {
  readonly index: number;
  readonly term: number;
}

/** Follows a log record by record and knows at each where it stands. */
export class LogState {
  owner: LogOwner | null = null;
  /** The first entry that is in the log; one more than the last when there is none. */
  firstIndex = 1;
  lastIndex = 0;
  lastTerm = 0;
  /** Of the last hard state: raft's term, and the last entry known to be committed. */
  term = 0;
  commit = 0;
  /** Raft's snapshots that the log names, oldest first. */
  readonly snapshots: LogPoint[] = [];
  #entries = 0;
  /** The last entry before a hole; what bridges it, a snapshot, may come later. */
  #hole: { readonly last: number; readonly next: number } | null = null;

  /** Takes a record whose checksum is right: its type and its data in `[from, to)`. @returns what is wrong with it, or null */
  take(type: number, bytes: Uint8Array, from: number, to: number): string | null {
    if (type === recordTypes.entry) return this.#entry(bytes, from, to);
    if (type === recordTypes.state) return this.#state(bytes, from, to);
    if (type === recordTypes.snapshot) return this.#snapshot(bytes, from, to);
    const owner = readOwner(bytes, from, to);
    if (owner === null) return 'it is no metadata of a member';
    const { memberId, clusterId } = (this.owner ??= owner);
    const same = memberId === owner.memberId && clusterId === owner.clusterId;
    return same ? null : 'it names another member than the log before it';
  }

  /** What is wrong with the log as a whole, at its end; null when nothing is. */
  fault(): string | null {
    const hole = this.#hole;
    if (this.owner === null) return 'the log does not name its member';
    if (hole !== null && !this.snapshots.some(({ index }) => index >= hole.next - 1 && index <= this.commit))
      return `the entries ${hole.last + 1} to ${hole.next - 1} are missing`;
    // A log without entries, of which all are in older files that are gone, tells nothing of them.
    if (this.#entries > 0 && this.commit > this.lastIndex)
      return `entry ${this.commit} was committed, and the log ends at entry ${this.lastIndex}`;
    return null;
  }

  /** An entry replaces those of its index and after: they were of a leader that lost (raft's rule). */
  #entry(bytes: Uint8Array, from: number, to: number): string | null {
    const entry = readEntry(bytes, from, to);
    if (entry === null) return 'it is no entry';
    const { index, term } = entry;
    if (this.#entries === 0 || index > this.lastIndex + 1) {
      if (this.#entries > 0) this.#hole = { last: this.lastIndex, next: index };
      this.firstIndex = index;
    }
    this.firstIndex = Math.min(this.firstIndex, index);
    this.lastIndex = index;
    this.lastTerm = term;
    this.#entries += 1;
    return null;
  }

  #state(bytes: Uint8Array, from: number, to: number): string | null {
    const state = readHardState(bytes, from, to);
    if (state === null) return 'it is no hard state';
    if (state.term < this.term || state.commit < this.commit) return 'it goes back in term or commit';
    this.term = state.term;
    this.commit = state.commit;
    return null;
  }

  /** A snapshot beyond the log's end came from the leader: the log begins anew behind it. */
  #snapshot(bytes: Uint8Array, from: number, to: number): string | null {
    const mark = readSnapshotMark(bytes, from, to);
    if (mark === null) return 'it is no mark of a snapshot';
    this.snapshots.push(mark);
    if (mark.index <= this.lastIndex) return null;
    this.firstIndex = mark.index + 1;
    this.lastIndex = mark.index;
    this.lastTerm = mark.term;
    return null;
  }
}
