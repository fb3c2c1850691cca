/** The few shapes of DER that a certificate is made of. */
export type Der = Buffer;

/** Wraps content with its tag and length. */
export function tagged(tag: number, ...content: readonly Der[]): Der {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

/** An ordered list of values. */
export function sequence(...items: readonly Der[]): Der {
  return tagged(0x30, ...items);
}

/** An unordered list of values. */
export function set(...items: readonly Der[]): Der {
  return tagged(0x31, ...items);
}

/** A positive number, from its big-endian bytes; the first bit must be clear. */
export function integer(bytes: Uint8Array): Der {
  return tagged(0x02, Buffer.from(bytes));
}

/** True or false. */
export function boolean(value: boolean): Der {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}

/** An object identifier, from its dotted form. */
export function identifier(dotted: string): Der {
  const [top = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [top * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

/** Text. */
export function utf8(text: string): Der {
  return tagged(0x0c, Buffer.from(text));
}

/** A moment, to the second; years before 2050 have the short form. */
export function time(moment: Date): Der {
  const text = `${moment.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
  return moment.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(text.slice(2)))
    : tagged(0x18, Buffer.from(text));
}

/** Bytes. */
export function octets(content: Der): Der {
  return tagged(0x04, content);
}

/** Bits; `unused` of the last byte do not count. */
export function bits(content: Uint8Array, unused = 0): Der {
  return tagged(0x03, Buffer.from([unused]), Buffer.from(content));
}
