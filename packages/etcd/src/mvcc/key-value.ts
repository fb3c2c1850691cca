/**
 * Where the fields of an mvccpb.KeyValue lie (proto3: 1 key bytes, 2 create_revision, 3 mod_revision, 4 version,
 * 5 value bytes, 6 lease; absent when zero). Offsets are into the array that was parsed, so nothing is copied.
 */
export interface KeyValueFields {
  keyFrom: number;
  keyTo: number;
  valueFrom: number;
  valueTo: number;
  createRevision: number;
  modRevision: number;
  version: number;
  /** Offset of the lease id's varint, or -1: no lease. Ids use all 64 bits, so they are read on demand. */
  leaseAt: number;
}

/** An empty set of fields, to be filled again and again. */
export function keyValueFields(): KeyValueFields {
  return {
    keyFrom: 0,
    keyTo: 0,
    valueFrom: 0,
    valueTo: 0,
    createRevision: 0,
    modRevision: 0,
    version: 0,
    leaseAt: -1,
  };
}

const longestVarint = 10;

/** Where the last varint read by `varint` ended. */
let cursor = 0;

/** The varint at `at`, rounded above 2^53; -1 when it does not end before `to` or is longer than 10 bytes. */
function varint(bytes: Uint8Array, at: number, to: number): number {
  const first = bytes[at]!;
  if (first < 0x80 && at < to) {
    cursor = at + 1;
    return first;
  }
  const end = Math.min(to, at + longestVarint);
  let value = 0;
  let scale = 1;
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      cursor = i + 1;
      return value;
    }
    scale *= 128;
  }
  return -1;
}

/**
 * Parses the KeyValue in `[from, to)` into `fields`. Fields that this version of etcd does not know are stepped over.
 * @returns null, or what is wrong with it
 */
export function parseKeyValue(
  bytes: Uint8Array,
  from: number,
  to: number,
  fields: KeyValueFields,
): string | null {
  fields.keyFrom = fields.keyTo = fields.valueFrom = fields.valueTo = to;
  fields.createRevision = fields.modRevision = fields.version = 0;
  fields.leaseAt = -1;
  let at = from;
  while (at < to) {
    const tag = varint(bytes, at, to);
    if (tag < 8 || tag > 0xffff_ffff) return 'a field has no valid tag';
    const start = cursor;
    switch (tag & 7) {
      case 0: {
        const number = varint(bytes, start, to);
        if (number < 0) return 'a number does not end within the record';
        if (tag === 0x10) fields.createRevision = number;
        else if (tag === 0x18) fields.modRevision = number;
        else if (tag === 0x20) fields.version = number;
        else if (tag === 0x30) fields.leaseAt = start;
        else if (tag <= 0x30) return 'a field has the wrong type';
        at = cursor;
        break;
      }
      case 2: {
        const length = varint(bytes, start, to);
        if (length < 0 || length > to - cursor) return 'a field is longer than the record';
        at = cursor + length;
        if (tag === 0x0a) {
          fields.keyFrom = cursor;
          fields.keyTo = at;
        } else if (tag === 0x2a) {
          fields.valueFrom = cursor;
          fields.valueTo = at;
        } else if (tag <= 0x32) return 'a field has the wrong type';
        break;
      }
      default:
        return 'a field has a type that etcd does not use';
    }
  }
  return null;
}

/** The lease id of a parsed record: 0 when there is none. */
export function leaseOf(bytes: Uint8Array, fields: KeyValueFields): bigint {
  return fields.leaseAt < 0 ? 0n : bigVarint(bytes, fields.leaseAt);
}

/** The 64-bit varint at `at`; what lies past the end of `bytes` counts as 0. */
export function bigVarint(bytes: Uint8Array, at: number): bigint {
  let value = 0n;
  for (let i = 0; i < longestVarint; i++) {
    const byte = bytes[at + i] ?? 0;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) break;
  }
  return BigInt.asUintN(64, value);
}
