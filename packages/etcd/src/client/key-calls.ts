import { KV } from './gen/etcd_pb.ts';
import type { Peer } from './peer.ts';

/** A key as a member has it: no value when there is no such key; the revision at which the member stood. */
export interface KeyAnswer {
  readonly value: Uint8Array | undefined;
  readonly revision: number;
}

/** Writes a key; tells the revision that it made. */
export async function putKey(peer: Peer, key: string, value: string): Promise<number> {
  const { header } = await peer.ask(KV.method.put, { key: bytesOf(key), value: bytesOf(value) });
  return Number(header?.revision ?? 0n);
}

/** Reads a key; without `linearizable` it is what this member has, agreed upon or not. */
export async function getKey(
  peer: Peer,
  key: string,
  { linearizable }: { readonly linearizable: boolean },
): Promise<KeyAnswer> {
  const { header, kvs } = await peer.ask(KV.method.range, {
    key: bytesOf(key),
    limit: 1n,
    serializable: !linearizable,
  });
  return { value: kvs[0]?.value, revision: Number(header?.revision ?? 0n) };
}

/** Deletes a key; tells whether it was there. */
export async function deleteKey(peer: Peer, key: string): Promise<boolean> {
  const { deleted } = await peer.ask(KV.method.deleteRange, { key: bytesOf(key) });
  return deleted > 0n;
}

/** Counts the keys with a prefix, '' for all, as this member has them. */
export async function countKeys(peer: Peer, prefix: string): Promise<number> {
  const key = bytesOf(prefix);
  const range = prefix === '' ? { key: zero, rangeEnd: zero } : { key, rangeEnd: endOf(key) };
  const { count } = await peer.ask(KV.method.range, { ...range, countOnly: true, serializable: true });
  return Number(count);
}

/** As both ends of a range: every key (etcd's rpc.proto, RangeRequest). */
const zero = new Uint8Array(1);

/** The first key behind all that begin with `prefix`; UTF-8 has no byte 255, so the last one can always be raised. */
function endOf(prefix: Uint8Array): Uint8Array {
  const end = Uint8Array.from(prefix);
  end[end.length - 1]! += 1;
  return end;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
