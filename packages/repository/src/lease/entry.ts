import { apiVersion, encodeRecord } from '../record.ts';
import { readHolder, type Holder } from '../holder.ts';
import { isKey } from '../storage/key.ts';

/** An object that its writer has committed, as long as it is not withdrawn. */
export interface Committed {
  readonly key: string;
  /** Under which its writer held the lease. */
  readonly epoch: number;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export type Change = { readonly commit: Committed } | { readonly withdraw: string };

/** A process that holds a lease, told apart from its own earlier and later times as a holder by `id`. */
export interface LeaseHolder extends Holder {
  readonly id: string;
}

const acts = ['take', 'renew', 'commit', 'withdraw', 'release'] as const;

/** One link of the chain that a lease is; index.ts has the protocol. */
export interface LeaseEntry {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'LeaseEntry';
  /** That of its key, from 1 on. */
  readonly position: number;
  /** Told apart by it from whatever else is tried at the same position. */
  readonly id: string;
  /** The id of the entry before; null for the first. */
  readonly previous: string | null;
  readonly act: (typeof acts)[number];
  /** The position at which the holder took the lease. */
  readonly epoch: number;
  readonly holder: LeaseHolder;
  /** The holder's wall clock, for people; nothing is decided by it. */
  readonly at: string;
  /** Milliseconds without a further entry after which another may take over. */
  readonly ttlMs: number;
  /** The entry that `changes` go on from; null: `changes` are all there is. */
  readonly base: { readonly position: number; readonly id: string } | null;
  readonly changes: readonly Change[];
}

const pattern = /\/lease\/(\d{12})\.json$/;

/** A position or an epoch as it stands in names, so that names sort as numbers do. */
export function padded(position: number): string {
  return String(position).padStart(12, '0');
}

export function entryKey(scope: string, position: number): string {
  return `${scope}/lease/${padded(position)}.json`;
}

/** Undefined for a key that is no entry's. */
export function positionOf(key: string): number | undefined {
  const digits = pattern.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The entry as it is stored. */
export function encodeEntry(entry: Omit<LeaseEntry, 'apiVersion' | 'kind'>): Buffer {
  return encodeRecord({ apiVersion, kind: 'LeaseEntry', ...entry });
}

/** Reads what {@link encodeEntry} wrote, in the form that records are read by. */
export const leaseEntrySchema = {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: LeaseEntry }
    | { success: false; error: { issues: { path: string[]; message: string }[] } } {
    const entry = Object(value) as LeaseEntry;
    const wrong = Object.entries(fields).filter(([name, fits]) => !fits(Reflect.get(entry, name)));
    if (wrong.length === 0) return { success: true, data: entry };
    const issues = wrong.map(([name]) => ({ path: [name], message: 'is not that of a lease' }));
    return { success: false, error: { issues } };
  },
};

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isName = (value: unknown): boolean => typeof value === 'string' && isKey(value);
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

const fields: Record<Exclude<keyof LeaseEntry, 'apiVersion'>, (value: unknown) => boolean> = {
  kind: (value) => value === 'LeaseEntry',
  position: (value) => isCount(value) && Number(value) > 0,
  id: isText,
  previous: (value) => value === null || isText(value),
  act: (value) => acts.some((act) => act === value),
  epoch: isCount,
  holder: (value) => readHolder(value) !== undefined && isText(Object(value).id),
  at: isText,
  ttlMs: isCount,
  base: (value) => value === null || (isCount(Object(value).position) && isText(Object(value).id)),
  changes: (value) => Array.isArray(value) && value.every(isChange),
};

function isChange(value: unknown): boolean {
  const { commit, withdraw } = Object(value) as { commit?: Partial<Committed>; withdraw?: unknown };
  if (commit === undefined || commit === null) return isName(withdraw);
  return isName(commit.key) && isCount(commit.epoch) && isCount(commit.size) && isText(commit.sha256);
}
