/**
 * Protocol buffers written field by field, in the order given. The few raft messages that Holdfast writes come from
 * etcd's gogo-generated code, which writes zeros too; a general library leaves them out.
 */

/** An unsigned varint; ids use all 64 bits. */
function varint(value: bigint | number): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** Field `number` holding an integer, a boolean or an enumeration. */
export function integerField(number: number, value: bigint | number): Buffer {
  return Buffer.concat([varint(number << 3), varint(value)]);
}

/** Field `number` holding bytes, a text or a message. */
export function bytesField(number: number, value: Uint8Array): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(value.length), value]);
}
