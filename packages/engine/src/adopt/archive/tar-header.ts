/** Bytes of a header, and what contents are padded to (POSIX.1-1988 ustar; GNU and pax on top of it). */
export const tarBlock = 512;

/** One header block as it stands. */
export interface TarHeader {
  readonly name: string;
  /** Bytes of the content; NaN when the field is no number. */
  readonly size: number;
  readonly modifiedAt: Date;
  /** `0` a file, `1` a hard link, `2` a symbolic one, `3` and `4` devices, `5` a folder, `6` a pipe, `L` and `K` GNU's long names, `x` and `g` pax. */
  readonly type: string;
}

const fields = {
  name: [0, 100],
  size: [124, 136],
  mtime: [136, 148],
  checksum: [148, 156],
  type: [156, 157],
  magic: [257, 262],
  prefix: [345, 500],
} as const;

/** Whether a block is the header of an entry: its checksum tells, which the oldest tars have as well. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < tarBlock || isEnd(block)) return false;
  const said = numberOf(part(block, 'checksum'));
  let sum = 0;
  for (let at = 0; at < tarBlock; at += 1) {
    const blank = at >= fields.checksum[0] && at < fields.checksum[1];
    sum += blank ? 0x20 : block[at]!;
  }
  return said === sum;
}

/** Whether a block is one of those that end an archive. */
export function isEnd(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** Reads a block for which {@link isTarHeader} holds. */
export function parseTarHeader(block: Uint8Array): TarHeader {
  const ustar = textOf(part(block, 'magic')) === 'ustar';
  // GNU's own format has other things where ustar has the prefix.
  const gnu = block[262] === 0x20;
  const prefix = ustar && !gnu ? textOf(part(block, 'prefix')) : '';
  const name = textOf(part(block, 'name'));
  const type = textOf(part(block, 'type'));
  const mtime = numberOf(part(block, 'mtime'));
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: numberOf(part(block, 'size')),
    modifiedAt: new Date(Number.isSafeInteger(mtime) ? mtime * 1000 : 0),
    type: type === '' || type === '7' ? '0' : type,
  };
}

/** The records of a pax header, `<length> <key>=<value>\n` each; undefined when they are not of that form. */
export function parsePax(content: Buffer): Map<string, string> | undefined {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = space < 0 ? NaN : Number(content.subarray(at, space).toString('latin1'));
    const equals = content.indexOf(0x3d, space);
    const end = at + length;
    if (!Number.isSafeInteger(length) || end > content.length || equals < space || equals >= end)
      return undefined;
    if (end <= equals || content[end - 1] !== 0x0a) return undefined;
    const key = content.subarray(space + 1, equals).toString('utf8');
    records.set(key, content.subarray(equals + 1, end - 1).toString('utf8'));
    at = end;
  }
  return records;
}

function part(block: Uint8Array, field: keyof typeof fields): Buffer {
  const [start, end] = fields[field];
  return Buffer.from(block.buffer, block.byteOffset + start, end - start);
}

/** Up to the first NUL. */
function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString('utf8');
}

/** Octal digits, or GNU's binary form whose first bit is set; NaN for anything else. */
function numberOf(bytes: Buffer): number {
  if (bytes[0] === 0x80) {
    const value = bytes.subarray(-8).readBigUInt64BE();
    return bytes.subarray(1, -8).some((byte) => byte !== 0) ? NaN : Number(value);
  }
  const text = textOf(bytes).trim();
  return /^[0-7]+$/.test(text) ? parseInt(text, 8) : text === '' ? 0 : NaN;
}
