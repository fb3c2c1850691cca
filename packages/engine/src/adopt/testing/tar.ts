/** An entry of a tar to be built, with whatever is wrong with it. */
export interface TestTarEntry {
  readonly name: string;
  readonly content?: Uint8Array;
  /** `0` a file, `1` a hard link, `2` a symbolic one, `3` a device, `5` a folder; `L` and `x` as GNU and pax have them. */
  readonly type?: string;
  /** Bytes that are announced. */
  readonly size?: number;
  readonly link?: string;
}

/** Builds a tar byte by byte, independently of the code that reads and writes them (POSIX ustar). */
export function testTar(entries: readonly TestTarEntry[]): Buffer {
  const parts = entries.flatMap(({ name, content = Buffer.alloc(0), type = '0', size, link = '' }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write('0000600\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${(size ?? content.length).toString(8).padStart(11, '0')}\0`, 124);
    header.write('15123456701\0', 136);
    header.write('        ', 148);
    header.write(type, 156);
    header.write(link, 157, 100);
    header.write('ustar\x0000', 257, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}
