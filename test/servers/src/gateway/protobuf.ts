/** One encoded field; a message is a list of them. */
export type Field = Buffer;

/** A whole number, not negative. */
export function numberField(field: number, value: number | bigint): Field {
  return Buffer.from([...varint(field * 8), ...varint(value)]);
}

/** Bytes or text. */
export function bytesField(field: number, value: Uint8Array | string): Field {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(bytes.length)]), bytes]);
}

/** A message inside a message. */
export function messageField(field: number, ...fields: readonly Field[]): Field {
  return bytesField(field, Buffer.concat(fields));
}

/** The whole-number fields of a message; the other fields are skipped. Negative ones come as etcd means them. */
export function readNumbers(message: Uint8Array): Map<number, bigint> {
  const numbers = new Map<number, bigint>();
  let at = 0;
  const next = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new Error('the message ends inside a number');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = Number(next());
    const numberOrLength = next();
    if (tag % 8 === 0) numbers.set(Math.floor(tag / 8), BigInt.asIntN(64, numberOrLength));
    else if (tag % 8 === 2) at += Number(numberOrLength);
    else throw new Error(`unexpected wire type ${tag % 8}`);
  }
  return numbers;
}

function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let left = value;
  if (typeof left === 'bigint') {
    for (; left > 0x7fffffffn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
    left = Number(left);
  }
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  bytes.push(left);
  return bytes;
}
