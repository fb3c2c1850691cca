import { bigVarint } from '../mvcc/index.ts';
import { varintAt } from './varint.ts';

/**
 * The messages in a log's records. The type of a record is not under its checksum, so each is read so strictly that
 * none is taken for another: fields up to the last known one must be of their type, later ones are stepped over.
 */

/** An entry of raft's log: raftpb.Entry {1 type, 2 term, 3 index, 4 data}. */
export interface EntryHead {
  readonly index: number;
  readonly term: number;
}

/** raftpb.HardState {1 term, 2 vote, 3 commit}. */
export interface HardState {
  readonly term: number;
  readonly commit: number;
}

/** Whose log it is: etcdserverpb.Metadata {1 nodeID, 2 clusterID}. */
export interface LogOwner {
  readonly memberId: bigint;
  readonly clusterId: bigint;
}

/** What a field holds: 0 an integer, 2 bytes; by number. */
type Form = Readonly<Record<number, 0 | 2>>;

const integers = { 1: 0, 2: 0 } as const;
const forms = {
  entry: { ...integers, 3: 0, 4: 2 },
  state: { ...integers, 3: 0 },
  snapshot: { ...integers, 3: 2 },
  metadata: integers,
} as const satisfies Record<string, Form>;
/** Fields up to here are of one of these messages; what etcd will add to them is beyond. */
const lastKnown = 4;

/** Reads an entry without its data. @returns null when it is none */
export function readEntry(bytes: Uint8Array, from: number, to: number): EntryHead | null {
  const found = integersIn(bytes, from, to, forms.entry);
  if (found === null || !(found[1]! <= 2) || !isCount(found[2]!, 1) || !isCount(found[3]!, 1)) return null;
  return { term: found[2]!, index: found[3]! };
}

/** Reads a hard state. @returns null when it is none */
export function readHardState(bytes: Uint8Array, from: number, to: number): HardState | null {
  const found = integersIn(bytes, from, to, forms.state);
  if (found === null || !isCount(found[1]!, 1) || !isCount(found[3]!, 0)) return null;
  return { term: found[1]!, commit: found[3]! };
}

/** Reads walpb.Snapshot {1 index, 2 term, 3 conf_state}: raft has a snapshot up to there. @returns null when it is none */
export function readSnapshotMark(bytes: Uint8Array, from: number, to: number): EntryHead | null {
  const found = integersIn(bytes, from, to, forms.snapshot);
  if (found === null || !isCount(found[1]!, 0) || !isCount(found[2]!, 0)) return null;
  return { index: found[1]!, term: found[2]! };
}

/** Reads the metadata; ids use all 64 bits. @returns null when it is none */
export function readOwner(bytes: Uint8Array, from: number, to: number): LogOwner | null {
  const places: number[] = [];
  if (integersIn(bytes, from, to, forms.metadata, places) === null) return null;
  const [memberId, clusterId] = [places[1], places[2]];
  if (memberId === undefined || clusterId === undefined) return null;
  return { memberId: bigVarint(bytes, memberId), clusterId: bigVarint(bytes, clusterId) };
}

/** The integers of a message by field number (rounded above 2^53), 0 where absent; null when it is not of this form. */
function integersIn(
  bytes: Uint8Array,
  from: number,
  to: number,
  form: Form,
  places: number[] = [],
): number[] | null {
  const found = [0, 0, 0, 0, 0];
  for (let at = from; at < to;) {
    const tag = varintAt(bytes, at, to);
    const value = tag && varintAt(bytes, tag.end, to);
    if (tag === null || value === null) return null;
    const number = Math.floor(tag.value / 8);
    const kind = tag.value % 8;
    if (number === 0 || (number <= lastKnown && form[number] !== kind)) return null;
    if (kind === 0) {
      if (number <= lastKnown) {
        found[number] = value.value;
        places[number] = tag.end;
      }
      at = value.end;
    } else {
      if (kind !== 2 || value.value > to - value.end) return null;
      at = value.end + value.value;
    }
  }
  return found;
}

function isCount(value: number, least: number): boolean {
  return value >= least && Number.isSafeInteger(value);
}
