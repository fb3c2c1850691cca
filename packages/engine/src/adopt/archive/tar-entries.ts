import { limits } from '@holdfast/base';
import { checkEntryName, damagedArchive, refused } from './refusal.ts';
import type { TarBytes } from './tar-bytes.ts';
import { isEnd, isTarHeader, parsePax, parseTarHeader, tarBlock, type TarHeader } from './tar-header.ts';

/** A regular file in a tar. */
export interface TarEntry {
  /** As it is stored. */
  readonly name: string;
  /** Its last part. */
  readonly base: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
  /** Where its content begins, in the plain bytes of the tar. */
  readonly start: number;
}

/** What special headers say of the entry behind them. */
interface Said {
  name?: string;
  size?: number;
}

/** Bytes of a long name or of pax records. */
const specialBytes = 64 * 1024;

/**
 * The regular files of a tar, in its order. Whoever asks for the next one has taken or skipped nothing of this one, or
 * part of it, or all: `bytes.at` tells.
 *
 * @param where the archive, as its user would write it
 * @throws archive-refused for links, devices, names that lead outside, two of one name, too many or too large entries
 * @throws archive-damaged for what is cut off or has wrong checksums
 */
export async function* tarEntries(bytes: TarBytes, where: string): AsyncGenerator<TarEntry> {
  const names = new Set<string>();
  let said: Said = {};
  let total = 0;
  for (let count = 0; ; count += 1) {
    if (count > limits.archiveEntries)
      throw refused(where, `it has more than ${limits.archiveEntries} entries`);
    const header = await nextHeader(bytes, where);
    if (header === undefined) return;
    if ('LKxg'.includes(header.type)) {
      said = { ...said, ...(await special(bytes, header, where)) };
      continue;
    }
    const name = said.name ?? header.name;
    const size = said.size ?? header.size;
    said = {};
    const { base, key } = checkEntryName(where, name);
    checkType(header.type, where, name);
    if (header.type === '5') continue;
    if (!Number.isSafeInteger(size) || size < 0) throw damagedArchive(where, 'its size is no number', name);
    if (names.has(key)) throw refused(where, 'there are two of that name', name);
    names.add(key);
    total += size;
    if (size > limits.archiveEntryBytes || total > limits.archiveBytes)
      throw refused(where, `it holds ${total} bytes, more than any database`, name);
    const start = bytes.at;
    yield { name, base, size, modifiedAt: header.modifiedAt, start };
    const left = start + Math.ceil(size / tarBlock) * tarBlock - bytes.at;
    if ((await bytes.skip(left)) < left) throw damagedArchive(where, 'it ends too early', name);
  }
}

async function nextHeader(bytes: TarBytes, where: string): Promise<TarHeader | undefined> {
  const block = await bytes.take(tarBlock);
  // Some writers leave out the blocks of zeros at the end.
  if (block.length === 0 || (block.length === tarBlock && isEnd(block))) return undefined;
  if (block.length < tarBlock) throw damagedArchive(where, 'it ends within a header');
  if (!isTarHeader(block)) throw damagedArchive(where, 'the checksum of a header is wrong');
  return parseTarHeader(block);
}

async function special(bytes: TarBytes, { type, size }: TarHeader, where: string): Promise<Said> {
  if (!(size <= specialBytes)) throw refused(where, 'a name in it is too long');
  const padded = Math.ceil(size / tarBlock) * tarBlock;
  const content = await bytes.take(padded);
  if (content.length < padded) throw damagedArchive(where, 'it ends within a header');
  const value = content.subarray(0, size);
  if (type === 'L') return { name: value.toString('utf8').replace(/\0.*$/s, '') };
  if (type !== 'x') return {};
  const records = parsePax(value);
  if (records === undefined) throw damagedArchive(where, 'its pax records are not of their form');
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.')))
    throw refused(where, sparse, records.get('GNU.sparse.name') ?? records.get('path'));
  const [name, length] = [records.get('path'), records.get('size')];
  return { ...(name !== undefined && { name }), ...(length !== undefined && { size: decimal(length) }) };
}

/** NaN for what is none: as a number, `-512` would lead back. */
function decimal(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

const sparse = 'it is stored with holes (tar -S), which are not filled here: unpack it';

const wrongTypes: Readonly<Record<string, string>> = {
  '1': 'it is a hard link',
  '2': 'it is a symbolic link',
  '3': 'it is a device',
  '4': 'it is a device',
  '6': 'it is a pipe',
  S: sparse,
};

function checkType(type: string, where: string, name: string): void {
  if (type === '0' || type === '5') return;
  throw refused(where, wrongTypes[type] ?? `it is of the unknown type ${JSON.stringify(type)}`, name);
}
