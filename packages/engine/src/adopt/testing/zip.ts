import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of a zip to be built, with whatever is wrong with it. */
export interface TestZipEntry {
  readonly name: string;
  readonly content: Uint8Array;
  /** Of Unix, as 0o100600. */
  readonly mode?: number;
  readonly stored?: boolean;
  readonly encrypted?: boolean;
  readonly crc?: number;
  /** Plain bytes that are announced. */
  readonly size?: number;
  /** Where its local header is said to be, instead of where it is. */
  readonly offset?: number;
}

/** Builds a zip byte by byte, independently of the code that reads and writes them (PKWARE, APPNOTE.TXT 4.3). */
export function testZip(entries: readonly TestZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const body = entry.stored === true ? Buffer.from(entry.content) : deflateRawSync(entry.content);
    const flags = 0x800 | (entry.encrypted === true ? 1 : 0);
    const common = Buffer.alloc(22);
    common.writeUInt16LE(flags, 0);
    common.writeUInt16LE(entry.stored === true ? 0 : 8, 2);
    common.writeUInt16LE(0x21, 6);
    common.writeUInt32LE(entry.crc ?? crc32(entry.content), 8);
    common.writeUInt32LE(body.length, 12);
    common.writeUInt32LE(entry.size ?? entry.content.length, 16);
    common.writeUInt16LE(name.length, 20);
    const local = Buffer.concat([
      Buffer.from('PK\x03\x04\x14\0', 'latin1'),
      common,
      Buffer.alloc(2),
      name,
      body,
    ]);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(((entry.mode ?? 0o100600) * 0x1_0000) >>> 0, 8);
    tail.writeUInt32LE(entry.offset ?? at, 12);
    // Made by Unix.
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03\x14\0', 'latin1'), common, tail, name]));
    parts.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}
