import { type Encryption, isEncryption, type PlainForm, readEnvelope } from './envelope.ts';
import { formatGroupResource, type GroupResource, resourceOfKey } from './storage-key.ts';

/** One key of etcd and its current value. */
export interface StoredPair {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Values of one resource that are written in one form, with one key. */
export interface CensusGroup {
  /** Null for what is not below the prefix. */
  readonly resource: GroupResource | null;
  readonly form: PlainForm | Encryption;
  /** The name of the key or of the KMS plugin; null where none is needed. */
  readonly keyName: string | null;
  readonly values: number;
  readonly bytes: number;
  /** Of encrypted groups the smallest value, to try keys with. */
  readonly sample: StoredPair | null;
}

/** How the values of a snapshot are written, and which keys they need. */
export interface Census {
  /** What the API servers' keys begin with, as `/registry`. */
  readonly prefix: string;
  readonly values: number;
  /** By resource, form and key name. */
  readonly groups: readonly CensusGroup[];
  /** Values that were not told apart any more because there were too many groups. */
  readonly uncounted: number;
}

/** Takes pairs one after another and keeps only counts and one small sample for each key. */
export interface CensusTaker {
  take(key: Uint8Array, value: Uint8Array): void;
  census(): Census;
}

interface Counting {
  readonly resource: GroupResource | null;
  readonly form: PlainForm | Encryption;
  readonly keyName: string | null;
  values: number;
  bytes: number;
  sample: StoredPair | null;
}

/** Groups that are told apart; names in a value are anybody's bytes and must not fill the memory. */
const mostGroups = 10_000;

/** Begins a census. Memory depends on the number of groups alone, not on how many pairs come. */
export function startCensus({ prefix = '/registry' }: { readonly prefix?: string } = {}): CensusTaker {
  const groups = new Map<string, Counting>();
  let values = 0;
  let uncounted = 0;
  return {
    take(key, value) {
      values += 1;
      const { form, keyName } = readEnvelope(value);
      const resource = resourceOfKey(Buffer.from(key.buffer, key.byteOffset, key.length).toString(), prefix);
      const id = groupId(resource ?? null, form, keyName);
      let group = groups.get(id);
      if (group === undefined) {
        if (groups.size >= mostGroups) {
          uncounted += 1;
          return;
        }
        group = { resource: resource ?? null, form, keyName, values: 0, bytes: 0, sample: null };
        groups.set(id, group);
      }
      group.values += 1;
      group.bytes += value.length;
      if (isEncryption(form) && value.length < (group.sample?.value.length ?? Infinity))
        group.sample = { key: Uint8Array.from(key), value: Uint8Array.from(value) };
    },
    census: () => ({
      prefix,
      values,
      groups: [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => ({ ...group })),
      uncounted,
    }),
  };
}

/** Built for every pair, so by the cheapest means; a NUL in somebody's name could only join two groups. */
function groupId(
  resource: GroupResource | null,
  form: PlainForm | Encryption,
  keyName: string | null,
): string {
  const owner = resource === null ? '' : formatGroupResource(resource);
  return `${owner}\0${form}\0${keyName ?? ''}`;
}
